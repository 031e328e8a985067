import { describe, expect, it } from 'vitest'
import { checkOwnership, parseEdgeChoice } from './edge-choice.ts'

describe('parseEdgeChoice', () => {
  it.each([
    ['oca', { type: 'oca', label: 'oca' }],
    ['nginx', { type: 'peer', label: 'nginx', kind: 'nginx', variant: 'stock' }],
    ['nginx:stock', { type: 'peer', label: 'nginx', kind: 'nginx', variant: 'stock' }],
    ['varnish:tuned', { type: 'peer', label: 'varnish:tuned', kind: 'varnish', variant: 'tuned' }],
    ['nginx:./my.conf', { type: 'peer-file', label: 'nginx:my.conf', kind: 'nginx', configFile: './my.conf' }],
    ['haproxy:/etc/h.cfg', { type: 'peer-file', label: 'haproxy:h.cfg', kind: 'haproxy', configFile: '/etc/h.cfg' }],
    [
      'trafficserver:./ats',
      { type: 'peer-file', label: 'trafficserver:ats', kind: 'trafficserver', configFile: './ats' },
    ],
    ['http://127.0.0.1:8080/', { type: 'url', label: '127.0.0.1:8080', url: 'http://127.0.0.1:8080', loopback: true }],
    [
      'https://edge.example.com',
      { type: 'url', label: 'edge.example.com', url: 'https://edge.example.com', loopback: false },
    ],
  ])('reads %s', (text, choice) => expect(parseEdgeChoice(text)).toEqual(choice))

  it.each([
    ['', /no edge has the name ""; there are oca, nginx, varnish/],
    ['squid', /no edge has the name "squid"/],
    ['oca:tuned', /oca has no variants/],
    ['nginx:', /nginx has the variants stock and tuned; a configuration of your own is named by its path/],
    ['nginx:fast', /as in nginx:\.\/my\.conf/],
    ['nginx:./folder/', /variants stock and tuned/],
    ['ftp://127.0.0.1', /ftp: is not spoken here/],
    ['http://', /is no URL/],
    ['https://me:secret@cdn.example', /credentials/],
    ['https://cdn.example/live', /give no more than https:\/\/cdn\.example/],
    ['https://cdn.example/?a', /give no more/],
  ])('refuses %j', (text, message) => expect(() => parseEdgeChoice(text)).toThrow(message))
})

describe('checkOwnership', () => {
  const inside = [
    'oca',
    'nginx',
    'nginx:./a.conf',
    'http://localhost:80',
    'http://127.8.9.1',
    'http://[::1]:80',
    'http://a.localhost',
    'http://2130706433',
  ]
  it.each(inside)('lets %s through', text => expect(() => checkOwnership(parseEdgeChoice(text), false)).not.toThrow())

  const outside = [
    'https://edge.example.com',
    'http://10.0.0.1',
    'http://0.0.0.0',
    'http://128.0.0.1',
    'http://localhost.example',
    'http://127.example',
  ]
  it.each(outside)('wants to be told that %s is yours', text => {
    expect(() => checkOwnership(parseEdgeChoice(text), false)).toThrow(/say --i-own-this-target/)
    expect(() => checkOwnership(parseEdgeChoice(text), true)).not.toThrow()
  })
})
