// A number alone says little; the word before it says what it is.

const cues = {
  phone:
    'phone|telephone|tel|mobile|cell|cellphone|call|text|sms|whatsapp|signal|fax|contact|reach|dial|ring|hotline|landline|handy|telefon|rufnummer|téléphone|teléfono|telefono|móvil|telefone|celular|telefoon|mobiel',
  card: 'card|cc|visa|mastercard|amex|maestro|discover|credit|debit|kreditkarte|karte|carte|tarjeta|cartão|kaart|pan',
  national_id:
    'ssn|social|tin|itin|ein|bsn|burgerservicenummer|rijksregister|rijksregisternummer|niss|insz|ni|sofinummer|cpf|sin|steuer|steuerid|idnr|pesel|nip|aadhaar|aadhar|personnummer|cpr|tfn|abn|nhs|national|nie|dni|nif|nino|taxpayer|tax|curp|rut|cnpj|insee|sécu|rrn|identity',
  passport: 'passport|reisepass|passeport|pasaporte|passaporto|paspoort|passaporte',
  order:
    'order|invoice|ticket|case|ref|reference|item|product|sku|part|model|tracking|shipment|parcel|package|serial|isbn|issn|ean|upc|gtin|booking|reservation|confirmation|version|build|release|batch|lot|article|transaction|variant|run|job|commit|page|zip|meter|timestamp|epoch|score|bestellung|bestellnummer|auftrag|rechnung|artikel|commande|facture|pedido|factura|ordine|zählernummer',
} as const
type Cue = keyof typeof cues

const cueOf = new Map(
  Object.entries(cues).flatMap(([cue, words]) => words.split('|').map((word) => [word, cue as Cue])),
)
/** Words, also those of `phoneNumber` and `order_id`. */
const wordPattern = /\p{Lu}?\p{Ll}+|\p{Lu}+/gu
const reach = 40

/** A key of JSON (or of JSON within JSON) right before its value. */
const keyBefore = /\\{0,3}"([^"\\]{0,40})\\{0,3}"\s{0,2}:\s{0,2}\\{0,3}"?$/

/**
 * The kind of the last telling word before `start`: in the key where a key stands right before, else in the same line, at
 * most 40 characters away.
 */
export function cueBefore(text: string, start: number): Cue | undefined {
  const before = text.slice(Math.max(0, start - reach), start)
  const clause = keyBefore.exec(before)?.[1] ?? before.slice(before.lastIndexOf('\n') + 1)
  let last: Cue | undefined
  for (const [word] of clause.matchAll(wordPattern)) {
    const lower = word.toLowerCase()
    last = cueOf.get(lower) ?? cueOf.get(lower.replace(/s$/, '')) ?? last
  }
  return last
}
