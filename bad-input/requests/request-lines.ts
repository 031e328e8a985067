import { asked, askedWrongly, type RequestCase, refused, request } from '../request-case.ts'

// Request lines: methods, targets, versions, line ends (RFC 9112, 2.2 and 3).

const line = (text: string): string => request(text, 'Host: edge')
const getOf = (target: string): string => line(`GET ${target} HTTP/1.1`)

const sound: readonly RequestCase[] = [
  asked('a plain GET', line('GET {path} HTTP/1.1'), [200]),
  asked('a plain HEAD', line('HEAD {path} HTTP/1.1'), [200], { heads: [0] }),
  asked('an empty line before the request', `\r\n${line('GET {path} HTTP/1.1')}`, [200]),
  asked('several empty lines before the request', `${'\r\n'.repeat(5)}${line('GET {path} HTTP/1.1')}`, [200]),
  asked('HTTP/1.0 without Host', request('GET {path} HTTP/1.0'), [200], { after: 'closed' }),
  asked('a query of 1,000 parameters', getOf(`{path}?${'a=1&'.repeat(1_000)}`), [200]),
  // RFC 9112, 3 lets a server read a request line by words; there is no second way to read this one.
  asked('two spaces before the version', line('GET {path}  HTTP/1.1'), [200]),
  asked('an empty query', getOf('{path}?'), [200]),
  asked('a query with encoded line ends', getOf('{path}?a=%0d%0aX-Evil:%201'), [200]),
  asked('a query with a slash and dots', getOf('{path}?../../x//y'), [200]),
]

const otherMethods: readonly RequestCase[] = [
  ...['DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PURGE', 'PROPFIND', 'LOCK', 'M-SEARCH', 'QUERY', 'REPORT'].map(method =>
    refused(`the method ${method}`, line(`${method} {path} HTTP/1.1`), 405),
  ),
  refused('POST without a body', request('POST {path} HTTP/1.1', 'Host: edge', 'Content-Length: 0'), 405),
  refused('OPTIONS *', line('OPTIONS * HTTP/1.1'), [400, 405]),
  refused('CONNECT', line('CONNECT edge:80 HTTP/1.1'), 405),
  refused('the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [400, 505]),
  refused('an unknown method', line('FETCH {path} HTTP/1.1')),
  refused('a method in lower case', line('get {path} HTTP/1.1')),
  refused('a method with more behind it', line('GETS {path} HTTP/1.1')),
  refused('a method with a NUL', line('GE\0T {path} HTTP/1.1')),
  refused('a method of 10,000 letters', line(`${'A'.repeat(10_000)} {path} HTTP/1.1`)),
  refused('no method', line('{path} HTTP/1.1')),
]

const versions: readonly RequestCase[] = [
  ...['HTTP/0.9', 'HTTP/1.2', 'HTTP/1.10', 'HTTP/2.0', 'HTTP/3', 'HTTP/9.9', 'HTTP/1.', 'HTTP/11', 'HTTP/01.1'].map(
    version => refused(`the version ${version}`, line(`GET {path} ${version}`), [400, 505]),
  ),
  refused('no version', 'GET {path}\r\nHost: edge\r\n\r\n', [400, 505]),
  refused('nothing but a line of HTTP/0.9', 'GET {path}\r\n\r\n', [400, 505]),
  refused('another protocol', line('GET {path} HTPP/1.1')),
  refused('a version in lower case', line('GET {path} http/1.1')),
  refused('a space within the version', line('GET {path} HTTP /1.1')),
  refused('a space behind the version', line('GET {path} HTTP/1.1 ')),
  refused('words behind the version', line('GET {path} HTTP/1.1 now')),
  refused('the greeting of another protocol', 'EHLO edge\r\n\r\n'),
  refused('a TLS hello', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n'),
]

const lineEnds: readonly RequestCase[] = [
  refused('a request line that a bare LF ends', 'GET {path} HTTP/1.1\nHost: edge\r\n\r\n'),
  refused('a request line that a bare CR ends', 'GET {path} HTTP/1.1\rHost: edge\r\n\r\n'),
  refused('a request line that CR CR LF ends', 'GET {path} HTTP/1.1\r\r\nHost: edge\r\n\r\n'),
  refused('bare LF everywhere', 'GET {path} HTTP/1.1\nHost: edge\n\n'),
  refused('a space before the method', ` ${line('GET {path} HTTP/1.1')}`),
  refused('a tab before the target', line('GET\t{path} HTTP/1.1')),
  refused('a tab before the version', line('GET {path}\tHTTP/1.1')),
  refused('a line end within the target', line('GET {path}\r\nX: 1 HTTP/1.1'), [400, 505]),
]

const targets: readonly RequestCase[] = [
  askedWrongly('an absolute form', getOf('http://edge{path}')),
  askedWrongly('an absolute form of another host', getOf('http://other/a')),
  askedWrongly('an absolute form in upper case', getOf('HTTP://OTHER/a')),
  askedWrongly('a path that begins like a host', getOf('//other/a')),
  askedWrongly('an empty segment within the path', getOf('/live//bad/v1/1.m4s')),
  askedWrongly('a dot segment', getOf('/../x')),
  askedWrongly('a dot segment before a good path', getOf('/x/..{path}')),
  askedWrongly('a single dot', getOf('/.{path}')),
  askedWrongly('dots at the end', getOf('{path}/..')),
  askedWrongly('encoded dots', getOf('/%2e%2e%2fx')),
  askedWrongly('encoded dots in upper case', getOf('/a/%2E%2E/x')),
  askedWrongly('half encoded dots', getOf('/a/.%2e/x')),
  askedWrongly('an encoded slash', getOf('/live%2fbad')),
  askedWrongly('an encoded backslash', getOf('/live%5cbad')),
  askedWrongly('an encoded NUL', getOf('{path}%00')),
  askedWrongly('an encoded line end', getOf('{path}%0d%0aX:1')),
  askedWrongly('an encoded DEL', getOf('{path}%7f')),
  askedWrongly('a doubly encoded dot', getOf('/%252e%252e/x')),
  askedWrongly('a broken percent', getOf('{path}%zz')),
  askedWrongly('half a percent', getOf('{path}%2')),
  askedWrongly('a percent alone', getOf('{path}%')),
  askedWrongly('a broken percent in the query', getOf('{path}?%g0')),
  askedWrongly('a backslash', getOf('/live\\bad')),
  askedWrongly('a fragment', getOf('{path}#here')),
  ...['"', '<', '>', '^', '`', '{', '|', '}'].map(character =>
    askedWrongly(`a ${character} in the path`, getOf(`/a${character}b`)),
  ),
  refused('bytes of UTF-8', getOf('/caf\xc3\xa9')),
  refused('a NUL in the target', getOf('{path}\0')),
  refused('a control character in the target', getOf('{path}\x01')),
  refused('a DEL in the target', getOf('{path}\x7f')),
  refused('a target of no form', getOf('live/bad')),
  refused('an authority form', getOf('edge:80')),
  askedWrongly('a star', getOf('*')),
  refused('no target', line('GET  HTTP/1.1')),
  askedWrongly('a path of 9 KB', getOf(`/${'x'.repeat(9_000)}`), 414),
  refused('a path of 16 KB', getOf(`/${'x'.repeat(16_384)}`), 431),
  refused('a query of 10,000 parameters', getOf(`{path}?${'a&'.repeat(10_000)}`), 431),
]

export const requestLines: readonly RequestCase[] = [...sound, ...otherMethods, ...versions, ...lineEnds, ...targets]
