import { asked, askedWrongly, get, type RequestCase, refused, request } from '../request-case.ts'

// Header fields: Host, their own form, Connection, their number and size, and those that a cache heeds.

const withHost = (...hosts: readonly string[]): string => request('GET {path} HTTP/1.1', ...hosts)
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `X-${i}: 1`)

const hosts: readonly RequestCase[] = [
  asked('a Host with a port', withHost('Host: edge:8080'), [200]),
  asked('a Host that is a v6 address', withHost('Host: [::1]:80'), [200]),
  refused('no Host', request('GET {path} HTTP/1.1')),
  refused('two Hosts', withHost('Host: edge', 'Host: other')),
  refused('the same Host twice', withHost('Host: edge', 'hOST: edge')),
  refused('an empty Host', withHost('Host:')),
  refused('a Host of white space', withHost('Host: \t ')),
  refused('a Host with a path', withHost('Host: edge/x')),
  refused('a Host with a space', withHost('Host: edge other')),
  refused('a list of Hosts', withHost('Host: edge, other')),
  refused('a Host with a user', withHost('Host: me@edge')),
  refused('a Host with a scheme', withHost('Host: http://edge')),
  refused('a Host with a port that is none', withHost('Host: edge:99999999')),
  refused('a Host with two ports', withHost('Host: edge:80:80')),
  refused('a Host with an encoded dot', withHost('Host: edge%2eexample')),
  refused('a Host of 300 letters', withHost(`Host: ${'a'.repeat(300)}`)),
  refused('a folded Host', withHost('Host:\r\n edge')),
]

const forms: readonly RequestCase[] = [
  asked('an empty value', get('X:'), [200]),
  asked('a value of white space', get('X: \t \t'), [200]),
  asked('white space around a value', get('X:   \t a \t'), [200]),
  asked('a value with bytes above ASCII', get('X: caf\xe9 \xff'), [200]),
  asked('a value of 8 KB', get(`X: ${'x'.repeat(8_192)}`), [200]),
  asked('names that JavaScript objects have', get('__proto__: x', 'constructor: y', 'hasOwnProperty: z'), [200]),
  refused('a space before the colon', get('X : a')),
  refused('a tab before the colon', get('X\t: a')),
  refused('a space before the colon of a length', get('Content-Length : 0')),
  refused('no name', get(': a')),
  refused('a space in a name', get('X Y: a')),
  refused('a bracket in a name', get('X(Y): a')),
  refused('a NUL in a name', get('X\0: a')),
  refused('a byte above ASCII in a name', get('X\xe9: a')),
  refused('a line without a colon', get('nothing')),
  refused('a folded line', get('X: a\r\n b')),
  refused('a line folded by a tab', get('X: a\r\n\tb')),
  refused('a folded line before all others', 'GET {path} HTTP/1.1\r\n X: a\r\nHost: edge\r\n\r\n'),
  refused('a NUL in a value', get('X: a\0b')),
  refused('a bare CR in a value', get('X: a\rb')),
  refused('a bare LF in a value', get('X: a\nY: b')),
  refused('a field that a bare LF ends', 'GET {path} HTTP/1.1\r\nHost: edge\nX: a\r\n\r\n'),
  refused('a head that a bare LF ends', 'GET {path} HTTP/1.1\r\nHost: edge\r\n\n'),
  refused('a head that LF LF ends', 'GET {path} HTTP/1.1\r\nHost: edge\n\n'),
  refused('a control character in a value', get('X: a\x01b')),
  refused('a DEL in a value', get('X: a\x7fb')),
]

const sizes: readonly RequestCase[] = [
  asked('100 fields', get(...many(99)), [200]),
  refused('101 fields', get(...many(100)), 431),
  refused('1,100 fields', get(...many(1_100)), 431),
  refused('1,500 fields of the same name', get(...many(1_500).fill('X: 1')), 431),
  refused('a value of 17 KB', get(`X: ${'x'.repeat(17_000)}`), 431),
  refused('a name of 17 KB', get(`${'x'.repeat(17_000)}: 1`), 431),
  refused('100 KB of fields', get(...many(100).map(field => `${field}${'x'.repeat(1_000)}`)), 431),
]

const connection: readonly RequestCase[] = [
  ...[
    'host',
    'content-length',
    'transfer-encoding',
    'cache-control',
    'range',
    'cdn-loop',
    'live-version',
    'x-request-id',
  ].map(name => refused(`Connection: ${name}`, get(`Connection: ${name}`))),
  refused('Connection: close, Host (Varnish f00010)', get('Connection: close, Host')),
  asked('Connection: close', get('Connection: close'), [200], { after: 'closed' }),
  asked('Connection: close among others', get('Connection: foo, close'), [200], { after: 'closed' }),
  asked('Connection: keep-alive', get('Connection: keep-alive'), [200]),
  asked(
    'an Upgrade to WebSocket',
    get('Connection: upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'),
    [200],
  ),
  asked('an Upgrade to h2c', get('Connection: upgrade, http2-settings', 'Upgrade: h2c', 'HTTP2-Settings: AA'), [200]),
  asked('Expect: 100-continue without a body', get('Expect: 100-continue'), [100, 200]),
  refused('an Expect of something else', get('Expect: the-unexpected'), 417),
]

const heeded: readonly RequestCase[] = [
  ...[
    'private=""',
    'max-age=1e9999',
    'max-age=-1',
    'max-age=1.5',
    'max-age=1, max-age=2',
    'max-age="',
    ',,,=,',
    'no-store',
  ].map(value => asked(`Cache-Control: ${value} from an asker`, get(`Cache-Control: ${value}`), [200])),
  asked('a huge Age from an asker', get(`Age: ${'9'.repeat(40)}`), [200]),
  asked('a Date in the future from an asker', get('Date: Fri, 31 Dec 9999 23:59:59 GMT'), [200]),
  asked('Vary: * from an asker', get('Vary: *'), [200]),
  asked('Authorization and Cookie on what everybody gets', get('Authorization: Bearer x', 'Cookie: a=b'), [200]),
  refused('two Authorizations', get('Authorization: Bearer x', 'Authorization: Basic y')),
  asked('If-None-Match of nonsense', get('If-None-Match: "a, W/b, \xff'), [200]),
  asked('If-None-Match: *', get('If-None-Match: *'), [304]),
  asked('If-Modified-Since of nonsense', get('If-Modified-Since: yesterday'), [200]),
  asked(
    'If-Modified-Since in the future',
    get('If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT'),
    [200, 304].slice(0, 1),
  ),
  asked('CDN-Loop of nonsense', get('CDN-Loop: "'), [200]),
  asked('CDN-Loop of another', get('CDN-Loop: other; v="1"'), [200]),
  asked('Live-Version of nonsense', get('Live-Version: (1 2);sequence="a"'), [200]),
  asked('Live-Edge of nonsense', get('Live-Edge: "";site=__proto__'), [200]),
  asked('a request name of 1,000 letters', get(`X-Request-Id: ${'n'.repeat(1_000)}`), [200]),
  asked('a request name with a line end encoded', get('X-Request-Id: a%0d%0ab'), [200]),
  asked(
    'fields that name another host or path',
    get('X-Forwarded-Host: evil', 'X-Original-URL: /evil', 'Forwarded: host=evil'),
    [200],
  ),
  askedWrongly(
    'a method in a field and a body',
    request('GET {path} HTTP/1.1', 'Host: edge', 'X-HTTP-Method-Override: PUT', 'Content-Length: 1').concat('x'),
  ),
]

export const fields: readonly RequestCase[] = [...hosts, ...forms, ...sizes, ...connection, ...heeded]
