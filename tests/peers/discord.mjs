// An OpenAPI document of the calls that a webhook of Discord knows, out of the schemas that `discord-api-spec` makes of
// Discord's own document. Paths and parameters are those of its `Paths`. Written by prism.py into openapi.json.
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const { PACKAGES, OUT } = process.env
const load = (path) => import(pathToFileURL(`${PACKAGES}/node_modules/${path}`).href)
const { toJSONSchema } = await load('zod/index.js')
const schemas = await load('discord-api-spec/build/discord-api-spec.zod.js')

// Of the two shapes that posting may have, the first: under "one of both", what only it limits would be unlimited.
const schema = (name) => {
  const { $schema, ...rest } = toJSONSchema(schemas[`${name}Schema`], { unrepresentable: 'any' })
  return rest
}
const parameter = (where, name, type, required = false) => ({ in: where, name, required, schema: type })
const body = (name) => {
  const content = { schema: schema(name) }
  return { required: true, content: { 'application/json': content, 'multipart/form-data': { schema: { type: 'object' } } } }
}
const snowflake = { type: 'string', pattern: '^(0|[1-9][0-9]*)$' }
const message = { type: 'object', required: ['id'], properties: { id: snowflake, channel_id: snowflake } }
const taken = { id: '1300000000000000001', channel_id: '1300000000000000000' }
const answers = { 200: { description: 'taken', content: { 'application/json': { schema: message, example: taken } } } }

const hook = [parameter('path', 'webhook_id', snowflake, true), parameter('path', 'webhook_token', { type: 'string' }, true)]
const query = [parameter('query', 'wait', { type: 'boolean' }), parameter('query', 'thread_id', snowflake)]
const document = {
  openapi: '3.1.0',
  info: { title: 'Webhooks of Discord', version: '10' },
  paths: {
    '/webhooks/{webhook_id}/{webhook_token}': {
      post: { parameters: [...hook, ...query], requestBody: body('IncomingWebhookRequestPartial'), responses: answers },
    },
    '/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}': {
      patch: {
        parameters: [...hook, parameter('path', 'message_id', snowflake, true), query[1]],
        requestBody: body('IncomingWebhookUpdateRequestPartial'),
        responses: answers,
      },
    },
  },
}
writeFileSync(OUT, JSON.stringify(document))
