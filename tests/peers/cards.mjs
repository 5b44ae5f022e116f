// What has the reference renderer of Adaptive Cards against these cards? A JSON list in, a line for each complaint out.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const cards = createRequire(`${process.env.PACKAGES}/package.json`)('adaptivecards/dist/adaptivecards.js')

JSON.parse(readFileSync(0, 'utf8')).forEach((content, number) => {
  cards.CardElement.langProperty.regEx.lastIndex = 0 // its pattern remembers where it was, so that every other card fails
  const card = new cards.AdaptiveCard()
  const context = new cards.SerializationContext()
  card.parse(content, context)
  const parsing = Array.from({ length: context.eventCount }, (_, at) => context.getEventAt(at))
  for (const { message } of [...parsing, ...card.validateProperties().validationEvents])
    console.log(`card ${number}: ${message}`)
})
