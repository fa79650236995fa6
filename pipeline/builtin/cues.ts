// Words by which people ask, refuse, complain, confirm and close, in the languages the built-in analyst frames.

/** A case-insensitive pattern for any of the phrases as whole words; `…` in a phrase stands for up to three words. */
export function phrases(...lists: readonly string[]): RegExp {
  const all = lists
    .flatMap((list) => list.split('|'))
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== '')
  const sources = all.map((phrase) =>
    phrase
      .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      .replaceAll('… ', "(?:[\\p{L}']+ ){0,3}")
      .replaceAll(' ', '\\s+'),
  )
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${sources.join('|')})(?![\\p{L}\\p{N}])`, 'iu')
}

export const asks = phrases(
  "i want|i need|i would like|i'd like|i wanna|i'd love|i wish|i'm looking|i am looking|looking for|looking to|i'm trying|i am trying|i'm hoping|i was hoping|can you|could you|would you|can i|could i|may i|how do|how can|how to|how long|how much|how many|is there|is it possible|help me|please|need to|want to|wants to|would like|let's|can we|could we|i'm calling|interested in|tell me|show me|give me|what is|what's|what are|where is|where can|when will|why is|why was|why did|why do|why are|why has|why can't",
  'ich möchte|ich will|ich brauche|ich würde|können sie|könnten sie|kann ich|wie kann|wie lange|wie viel|warum|wann|bitte|ich suche|wieso|gibt es|kannst du',
  "je veux|je voudrais|j'aimerais|je souhaite|pouvez-vous|pourriez-vous|puis-je|comment|pourquoi|quand|combien|est-ce que|s'il vous plaît|j'ai besoin|peut-on|y a-t-il",
  'quiero|quisiera|necesito|me gustaría|puede|puedes|podría|puedo|cómo|por qué|cuándo|cuánto|dónde|hay alguna|por favor',
  'ik wil|ik zou|ik heb … nodig|kunt u|kun je|kan ik|hoe kan|hoe lang|hoeveel|waarom|wanneer|graag|is het mogelijk',
)

export const problems = phrases(
  "not working|doesn't work|isn't working|won't work|stopped working|does not|doesn't|didn't|did not|hasn't|has not|haven't|have not|isn't|is not|wasn't|won't|can't|cannot|couldn't|unable|wrong|missing|lost|stolen|broken|damaged|defective|failed|fails|error|declined|pending|late|delayed|charged|never|still|problem|issue|trouble|refund|complaint|unexpected|incorrect|offline|no longer|nobody|twice",
  'nicht|kein|keine|falsch|fehlt|verloren|kaputt|fehler|abgelehnt|immer noch|problem|nie|zu spät|niemand|doppelt',
  "ne … pas|n'ai pas|n'est pas|n'a pas|pas reçu|plus d'|faux|perdu|cassé|erreur|refusé|toujours pas|problème|jamais|retard|personne|en panne",
  'no funciona|no puedo|no me|no ha|no he|falta|perdido|roto|error|rechazado|todavía|problema|nunca|tarde|nadie|pierde',
  'niet|geen|fout|kwijt|kapot|geweigerd|nog steeds|probleem|nooit|te laat|niemand|dubbel',
)

export const thanks = phrases(
  "thank you|thanks|thank u|thx|ty|ta|cheers|perfect|great|awesome|lovely|brilliant|excellent|wonderful|that's all|that is all|that's it|thats all|thats it|that will be all|all set|appreciate|good to know|that works|sorted|problem solved|works now|alive|you've been … helpful|no that's|nothing else|much better",
  'danke|dankeschön|vielen dank|super|perfekt|prima|passt|alles klar|gut so|besten dank|klappt|wunderbar|das wars',
  "merci|parfait|super|très bien|c'est bon|nickel|génial|impeccable|ça marche|c'est tout",
  'gracias|perfecto|genial|vale|muy bien|estupendo|de acuerdo|va bien|eso es todo',
  'bedankt|dank u|dank je|dankjewel|dankuwel|perfect|prima|top|super|fijn|helemaal goed|dat was het|gelukt',
)

export const complaints = phrases(
  "useless|ridiculous|unacceptable|terrible|awful|not helpful|unhelpful|can't help me|cannot help me|waste of time|frustrat|frustrating|frustrated|disappointed|disappointing|annoyed|annoying|angry|furious|fed up|joke|disgrace|you guessed|made up|making … up|you told me|you said|that's wrong|that is wrong|that's not right|not what i asked|not what i wanted|that's not what|wrong answer|incorrect|you already|i already told|i just told|again?|still wrong|still not|still broken|still nothing|still no|never mind|nevermind|forget it|typical|speak to a human|talk to a human|real person|speak to a person|talk to a person|a manager|supervisor|complaint|complain|lied|doesn't help|does not help|didn't work|did not work|that didn't|unbelievable|rubbish|not good enough|english please|in english|why are you answering",
  'das stimmt nicht|falsch|unverschämt|frechheit|enttäuscht|ärgerlich|lächerlich|nutzlos|hilft mir nicht|immer noch nicht|beschwerde|auf englisch|wieso antworten|auf deutsch|schon gesagt|mit einem menschen|vorgesetzten',
  "c'est faux|inacceptable|inadmissible|déçu|ridicule|inutile|n'importe quoi|toujours pas|réclamation|en anglais|en français|déjà dit|un humain|une vraie personne|scandaleux|marre",
  'no es cierto|mentira|inaceptable|decepcionado|ridículo|inútil|no me sirve|todavía no|sigue sin|reclamación|en inglés|en español|en cristiano|ya te|ya le|una persona|vergüenza|no entiendo',
  'klopt niet|onacceptabel|belachelijk|teleurgesteld|waardeloos|nutteloos|nog steeds niet|klacht|in het engels|in het nederlands|al gezegd|een mens|een medewerker|schandalig',
)

export const refusals = phrases(
  "unfortunately|i'm afraid i|i'm afraid we|i'm afraid that|i'm afraid the|i'm afraid there|i'm sorry but|i am sorry but|sorry, but|i cannot|i can't|i can not|we cannot|we can't|i'm unable|i am unable|we are unable|unable to|not able to|i couldn't|could not|couldn't|is not possible|isn't possible|not possible|not allowed|not eligible|cannot be|can't be|can only|not available|unavailable|no openings|there is no|is not supported|don't have access|do not have access|don't have the ability|outside … scope|against … policy|didn't understand|don't quite understand|request failed|failed",
  'leider|kann ich nicht|können wir nicht|nicht möglich|ist mir nicht|tut mir leid|nicht verfügbar|keinen zugriff',
  "malheureusement|je ne peux pas|je ne suis pas en mesure|n'est pas possible|impossible|désolé|désolée|indisponible|je n'ai pas accès",
  'lamentablemente|desafortunadamente|no puedo|no es posible|lo siento|no disponible|no tengo acceso|no podemos',
  'helaas|kan ik niet|kunnen we niet|niet mogelijk|het spijt me|niet beschikbaar|geen toegang',
)

export const successes = phrases(
  "successfully|has been|have been|was completed|is complete|completed|confirmed|is confirmed|booked|all set|done|i've updated|i've cancelled|i've canceled|i have updated|processed|submitted|scheduled|is on … way|you will receive|you'll receive|registered|i've booked|sent you|passed on|reported|is now|are now|refunded|saved|rolled back|restarted|activated|correct|great job",
  'erledigt|wurde|wurden|gebucht|bestätigt|gespeichert|ich habe … eingetragen|übernommen|erfolgreich|storniert|eingetragen|gesendet|vermerkt',
  "c'est fait|enregistré|confirmé|réservé|effectué|annulé|a été|ont été|envoyé|transmis|validé",
  'hecho|listo|confirmado|reservado|se ha|ha sido|cancelado|enviado|registrado|guardado|anotado',
  'gedaan|geregeld|bevestigd|geboekt|is aangepast|is verwerkt|verzonden|opgeslagen|ingesteld|doorgegeven|succesvol',
)

export const handoverTool = /hand_?(?:off|over)|transfer_?to|escalat|to_?human|human_?agent|live_?agent/i
export const handoverWords = phrases(
  'transferred to a human|transfer you to|transferring you|connect you with|connecting you|escalated|a human agent|a person will|will call you|will ring you|a colleague|passed … to|hand you over|specialist',
  'verbinde sie|weitergeleitet|ein kollege|eine kollegin|meldet sich|ich übergebe',
  'je vous transfère|transmis à|un conseiller|un collègue|vous rappellera',
  'le paso con|transferir|un compañero|un agente|le llamará',
  'doorverbonden|doorgezet|een collega|belt u|medewerker neemt',
)

const hellos =
  'hi|hiya|hello|hey|howdy|greetings|good (?:morning|afternoon|evening|day)|morning|afternoon|evening|dear (?:sir|madam|team|all)|hallo|guten (?:tag|morgen|abend)|moin|servus|grüß gott|bonjour|bonsoir|salut|hola|buenas|buenos días|buenas (?:tardes|noches)|goedemorgen|goedemiddag|goedenavond|goedendag|dag|please|bitte|also|and|but|then|ok so|okay so|so|alors|entonces'
const asides =
  'ok|okay|yes|yeah|yep|sure|well|oh|ah|alright|all right|actually|right|great|perfect|thanks(?: so much| a lot)?|thank you(?: so much| very much)?|excuse me|sorry|no|ja|nein|oui|non|sí|nee|danke|merci|gracias|bedankt|in that case|got it|i see|i understand|understood'

/** What a sentence may open with before it says anything. */
export const openers = new RegExp(
  `^(?:(?:${hellos})(?: there| team| all| guys| again| everyone| zusammen| à tous| everybody)?(?:\\s*[,.!?:;–—-]+\\s*|\\s+(?=\\S))|(?:${asides})\\s*[,.!?:;–—-]+\\s*)`,
  'iu',
)

/** Sentences that only identify the speaker, agree, greet or wait. */
export const fillers = phrases(
  "my name is|my name's|my zip|my email|my e-mail|zip code|postal code|my account number|my pin|date of birth|maiden name|my user id|my username|order id is|order number is|you're welcome|take care|have a great day|have a nice day|how are you|hope you're|nice to meet|goodbye|good bye|bye|see you|give me a moment|one moment|hold on|here are my details|here you go|i'm in a rush|appreciate your help|let me know|don't remember|do not remember|don't recall|can't remember|cannot remember|can not remember|i forgot my|don't know my|another way you can|look up my order|look me up|handy|confirm that|can you confirm|could you confirm|please confirm|that sounds good|go ahead|proceed|that works",
  'mein name ist|meine kundennummer|auf wiedersehen|tschüss|mit freundlichen grüßen',
  "je m'appelle|mon numéro de client|au revoir|bonne journée|cordialement",
  'me llamo|mi nombre es|adiós|un saludo|hasta luego',
  'mijn naam is|mijn klantnummer|tot ziens|met vriendelijke groet|fijne dag',
)
