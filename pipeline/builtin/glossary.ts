// Everyday service words of German, French, Spanish and Dutch in English, so that like requests meet across languages.

// Each entry: an English word, then the beginnings of words that mean it. A leading `~` finds it inside compounds, too.
const entries = `
bill: ~rechnung factur ~rekening
payment: ~zahlung zahle bezahl ~überweisung paiement payer payé pagar pago pagado ~betal
refund: ~erstattung rückzahlung rembours reembols devoluci terugbetal
price: ~preis kosten kostet prix tarif coût coûte precio cuesta tarifa prijs kosten
fee: ~gebühr frais comisión penalización boete ~kosten
contract: ~vertrag contrat contrato ~contract abonnement
cancel: kündig stornier annul résili cancel anular opzeg annuleer
renewal: verlänger renouvel renov verleng
account: ~konto compte cuenta account rekeningnummer
login: einlogg anmeld connecter connexion entrar acceder inlog
password: ~passwort kennwort passe contraseña wachtwoord
email: e-mail mailadresse courriel correo mailadres
phone: telefon handy téléphone teléfono móvil telefoon mobiel
address: adress dirección domicilio adres
moving house: umzug umzieh ausgezogen eingezogen déménag emménag mudanza mudar mudado verhuiz
appointment: ~termin rendez-vous cita afspraak
engineer: techniker monteur installateur technicien técnico instalador
visit: besuch visite passage visita bezoek
meter: ~zähler compteur linky contador ~meter
meter reading: ~stand zählerstand relevé index lectura meterstand
electricity: strom électricité courant electricidad luz stroom
gas: gas gaz
usage: ~verbrauch conso consomm consumo ~verbruik
heating: ~heizung heizkörper chauffage radiateur calefacción radiador verwarming ketel
hot water: warmwasser ballon agua ducha douche
heat pump: wärmepumpe pompe bomba aerotermia warmtepomp
thermostat: ~thermostat termostato
temperature: ~temperatur grad grados degré graden koud kalt froid frío
noise: laut lärm brumm bruit ruido geluid lawaai
charger: wallbox ~ladestation borne cargador ~laadpaal
charging: laden lädt ladevorgang charge recharge charger carga cargar opladen laadt
car: auto wagen voiture coche
solar panels: ~solar photovoltaik solaire panneau placas solares panelen zonnepane
battery: batterie ~speicher batería accu batterij thuisbatterij
solar export: einspeis ~vergütung surplus injection excedente vertido teruglever
wifi: wlan wifi router routeur box internet
app: ~app application aplicación
offline: offline verbindung déconnect desconect verbroken
update: ~update mise actualiza firmware
error: ~fehler erreur fallo ~fout
broken: kaputt defekt panne cassé roto averiado kapot stuk
late: verspät retard tarde laat vertraag
missing: fehlt fehlen manque falta ontbreekt
complaint: beschwer réclam plainte queja reclama klacht
danger: brand brûl gefahr danger quemado peligro brandlucht
outage: stromausfall ~ausfall coupure corte apagón storing
night tariff: nacht nuit noche nachtstroom
schedule: zeitplan uhrzeit stunden heure horaire horas horario schema uren
delivery: ~lieferung livraison entrega envío bezorg levering
order: bestell commande pedido bestelling
return: zurückgeb rücksend retour renvoyer devolver retourner
exchange: umtausch tauschen échang cambiar omruil
damaged: beschädigt endommag dañado beschadigd
stolen: gestohlen volé robado gestolen
card: ~karte carte tarjeta ~kaart
bank: ~bank banque banco
transfer: überweis virement transfer overboek
direct debit: lastschrift abbuch abgebucht prélèv domicilia incasso afgeschreven
debt: schulden ~mahnung dette impayé deuda recibo schuld achterstand aanmaning
instalments: ~rate échéanc plazos termijn
advance payment: abschlag mensualité cuota voorschot
discount: rabatt remise descuento korting
subscription: abo suscripción
flight: ~flug vol vuelo vlucht
hotel: hotel hôtel zimmer chambre habitación kamer
booking: buchung buchen réserv reserva boeking
ticket: ticket billet billete kaartje
doctor: arzt médecin médico dokter
insurance: ~versicherung assurance seguro verzekering
data: daten données datos gegevens
delete: lösch supprim borrar eliminar verwijder
access: zugang accès acceso toegang
language: deutsch englisch anglais français inglés español engels nederlands
switch: wechsel changer cambio overstap
neighbour: nachbar voisin vecino buurman buren
saving: sparen économ ahorrar bespar
tax: steuer impôt impuesto belasting
`

type Entry = { english: string; starts: string[]; inside: string[] }

const glossary: readonly Entry[] = entries
  .trim()
  .split('\n')
  .map((line) => {
    const [english = '', list = ''] = line.split(': ')
    const words = list.split(' ').filter((word) => word !== '')
    return {
      english,
      starts: words.map((word) => word.replace('~', '')),
      inside: words.filter((word) => word.startsWith('~')).map((word) => word.slice(1)),
    }
  })

/** Whether a word or two are this glossary's English for something. */
export function isGlossaryWord(english: string): boolean {
  return glossary.some((entry) => entry.english === english)
}

/** The English words for what a text in German, French, Spanish or Dutch speaks of; none for other languages. */
export function englishWordsFor(text: string, language: string): string[] {
  if (!['de', 'fr', 'es', 'nl'].includes(language)) return []
  const words = new Set(text.toLowerCase().match(/[\p{L}-]{3,}/gu) ?? [])
  const found = new Set<string>()
  for (const word of words) {
    for (const { english, starts, inside } of glossary) {
      if (
        starts.some((start) => word.startsWith(start) && (start.length > 3 || word === start)) ||
        inside.some((part) => part.length >= 4 && word.includes(part))
      )
        found.add(english)
    }
  }
  return [...found]
}
