// Points as embeddings of texts are: unit length, some themes large and most small, themes within themes.
import { createMatrix, type Matrix } from '#/clustering/matrix/matrix.ts'
import { createRandom } from '#/clustering/random.ts'

const topics = 40
const themesPerTopic = 25

export function themedPoints(rows: number, cols: number): Matrix {
  const random = createRandom(1)
  // The sum of four uniform numbers is near enough to a normal one, and quick.
  const normal = () => (random() + random() + random() + random() - 2) * Math.sqrt(3)
  const themes: Float64Array[] = []
  for (let topic = 0; topic < topics; topic++) {
    const centre = Float64Array.from({ length: cols }, normal)
    for (let i = 0; i < themesPerTopic; i++) themes.push(centre.map((value) => value + 0.7 * normal()))
  }
  const points = createMatrix(rows, cols)
  const { data } = points
  for (let row = 0; row < rows; row++) {
    const theme = themes[Math.floor(themes.length * random() ** 2)]!
    let square = 0
    for (let k = 0; k < cols; k++) {
      const value = theme[k]! + 0.8 * normal()
      data[row * cols + k] = value
      square += value * value
    }
    const scale = 1 / Math.sqrt(square)
    for (let k = row * cols; k < (row + 1) * cols; k++) data[k] = data[k]! * scale
  }
  return points
}

const syllables = ['ba', 'co', 'di', 'fu', 'ge', 'ha', 'ki', 'lo', 'mu', 'ne', 'pi', 'ro', 'sa', 'te', 'vi', 'zo']

/** Short texts of many themes, for the featurizer. */
export function themedTexts(count: number): string[] {
  const random = createRandom(1)
  const below = (limit: number) => Math.floor(random() * limit)
  const vocabulary = Array.from({ length: 20_000 }, () =>
    Array.from({ length: 2 + below(3) }, () => syllables[below(syllables.length)]!).join(''),
  )
  return Array.from({ length: count }, () => {
    const theme = below(400) * 50
    const word = () => vocabulary[random() < 0.6 ? theme + below(50) : Math.floor(vocabulary.length * random() ** 3)]!
    return Array.from({ length: 6 + below(7) }, word).join(' ')
  })
}
