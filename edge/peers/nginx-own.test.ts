import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { adaptNginx } from './nginx-own.ts'
import { readOwnConfig } from './own-config.ts'
import { PeerError } from './peer-error.ts'
import { peerKinds } from './peer-kinds.ts'

const adapt = (text: string, includes: Record<string, string> = {}) =>
  adaptNginx(text, 'nginx.conf', pattern => {
    const found = includes[pattern]
    return found === undefined ? [] : [{ file: pattern, text: found }]
  })

const deployed = `
user www-data;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events { worker_connections 512; }
http {
  include mime.types;
  access_log /var/log/nginx/access.log;
  # Half a gigabyte of segments.
  proxy_cache_path /var/cache/nginx levels=1:2 keys_zone=live:10m max_size=512m;
  upstream packager { server origin-1.internal:8080; server origin-2.internal:8080 backup; keepalive 32; }
  server { listen 80; return 301 https://$host$request_uri; }
  server {
    listen 443 ssl http2;
    listen [::]:443 ssl http2;
    ssl_certificate /etc/ssl/live.pem;
    server_name live.example.com;
    location / { proxy_pass http://packager; proxy_set_header Host $host; proxy_cache live; proxy_cache_lock on; }
    location /manifests/ { proxy_pass https://other.internal/live/; }
    location = /text { if ($arg_a = ";}") { return 404; } }
  }
}`

test('a configuration as it is deployed is made to stand in a scenario, and keeps what decides about caching', () => {
  const { text, changes } = adapt(deployed)
  expect(text).toContain('listen @LISTEN_HOST@:@LISTEN_PORT@ default_server;')
  expect(text).toContain('server @UPSTREAM_HOST@:@UPSTREAM_PORT@;\n    keepalive 32;')
  expect(text).toContain('proxy_pass http://packager;')
  expect(text).toContain('proxy_pass http://@UPSTREAM_HOST@:@UPSTREAM_PORT@/live/;')
  expect(text).toContain('# Half a gigabyte of segments.\n') // what people wrote stays
  expect(text).toContain('proxy_cache_path @FOLDER@/cache1 levels=1:2 keys_zone=live:10m max_size=512m;')
  expect(text).toContain('proxy_cache_lock on;')
  expect(text).toContain('if ($arg_a = ";}") {')
  expect(text).toContain('access_log off;')
  expect(text).not.toMatch(/internal:8080|ssl|listen 80|return 301|\/var\/|www-data|\bpid\b/)
  expect(changes).toEqual([
    'include mime.types was left out: there is no such file beside it',
    'servers that ask no upstream were left out',
    "upstream packager is the scenario's origin",
    'TLS was left out: players speak HTTP to it',
    "proxy_pass https://other.internal/live/ asks the scenario's origin",
  ])
})

test('who asks is said wherever fields of its own would hide it', () => {
  const { text } = adapt(deployed)
  const says = text.split(`proxy_set_header Live-Edge '"@EDGE@";site="@SITE@"';`).length - 1
  expect(says).toBe(2) // http, and the location that sets Host
})

test('a file of conf.d is put inside http, with what it includes', () => {
  const { text, changes } = adapt('server { listen 80; include snippets/*.conf; }', {
    'snippets/*.conf': 'location / { proxy_pass http://127.0.0.1:3000; }',
  })
  expect(text).toMatch(/^events \{\n\}\nhttp \{/)
  expect(text).toContain('proxy_pass http://@UPSTREAM_HOST@:@UPSTREAM_PORT@;')
  expect(changes).toContain('it was put inside http { }')
})

test('what cannot be an edge is told', () => {
  expect(() => adapt('events {} http { server { listen 80; root /srv; } }')).toThrow('nginx.conf has no proxy_pass')
  expect(() => adapt('http { server { proxy_pass "a')).toThrow(PeerError)
  expect(() => adapt('http { server { proxy_pass "a')).toThrow(/^nginx\.conf:1: this is no nginx configuration/)
  expect(() => adapt('')).toThrow(PeerError)
  expect(() => adapt('include a;', { a: 'include a;' })).toThrow('nested deeper')
})

test('a file with our placeholders is left as it is; one with some of them is refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-own-'))
  const file = join(folder, 'nginx.conf')
  const text = '# @UPSTREAM_HOST@ @UPSTREAM_PORT@ @LISTEN_HOST@ @LISTEN_PORT@\n'
  writeFileSync(file, text)
  expect(await readOwnConfig(peerKinds.nginx, file)).toEqual({ files: new Map([['nginx.conf', text]]), changes: [] })
  writeFileSync(file, '# @UPSTREAM_HOST@\n')
  await expect(readOwnConfig(peerKinds.nginx, file)).rejects.toThrow('has no @UPSTREAM_PORT@')
  writeFileSync(file, deployed)
  writeFileSync(join(folder, 'mime.types'), 'types { text/html html; }')
  const { files, changes } = await readOwnConfig(peerKinds.nginx, file)
  expect(files.get('nginx.conf')).toContain('types {')
  expect(changes.join()).not.toContain('mime.types')
})
