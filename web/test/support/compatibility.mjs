// What browsers have and lack, from MDN's compatibility data.
import { createRequire } from 'node:module';

import { TARGETS } from '../../scripts/targets.mjs';

const { api, javascript } = createRequire(import.meta.url)('@mdn/browser-compat-data');

/** A browser's name there, and those of its sisters: each is held to the same version. */
const SISTERS = {
  chrome: ['chrome', 'chrome_android', 'webview_android'],
  firefox: ['firefox', 'firefox_android'],
  safari: ['safari', 'safari_ios', 'webview_ios'],
};

const parts = (version) => version.replace('≤', '').split('.').map(Number);
const atLeast = (version, least) => {
  const [a, b] = [parts(version), parts(least)];
  return a[0] !== b[0] ? a[0] > b[0] : (a[1] ?? 0) >= (b[1] ?? 0);
};

function hasIn(support, browser, version) {
  const statements = [support[browser] ?? []].flat();
  // What is behind a switch or has another name is not there for a page.
  return statements.some(
    ({ version_added: added, version_removed: removed, flags, prefix, alternative_name: other }) =>
      typeof added === 'string' && added !== 'preview' && !flags && !prefix && !other && atLeast(version, added) &&
      !(typeof removed === 'string' && atLeast(version, removed)),
  );
}

/** Whether a target browser has a feature; unknown ones it is taken to have. */
const has = (feature, target) => {
  const support = feature.__compat?.support;
  // A sister that the data do not know says nothing.
  return !support || SISTERS[target].every((browser) => !(browser in support) || hasIn(support, browser, TARGETS[target]));
};

/** The targets that lack a feature. */
const lackedBy = (feature) => Object.keys(TARGETS).filter((target) => !has(feature, target));

const builtin = (owner) => owner.split('.').reduce((found, name) => found?.[name], javascript.builtins);

/**
 * The targets that lack a member of a class or interface, or the class itself where none is named. `undefined` where the data
 * do not know it.
 */
export function lacking(owner, member, isStatic) {
  const from = [api[owner], builtin(owner)].filter((found) => found !== undefined);
  if (from.length === 0) return undefined;
  const names = member === undefined ? [] : isStatic ? [`${member}_static`, member] : [member];
  const found = member === undefined ? from : from.flatMap((of) => names.flatMap((name) => (Object.hasOwn(of, name) ? of[name] : [])));
  return found.length === 0 ? undefined : [...new Set(found.flatMap(lackedBy))];
}

const IGNORED = /_event$|_parameter$|^options_|^secure_context|^worker_support|^@@/;

/** All that a target lacks: `{owner, member, on}`, on the class, its prototype, or either; without a member, the owner itself. */
export function lackedIn(target) {
  const found = [];
  const walk = (owner, features, group) => {
    if (!has(features, target)) {
      found.push({ owner });
      return;
    }
    for (const [name, feature] of Object.entries(features)) {
      if (name === '__compat' || IGNORED.test(name) || name === owner.split('.').at(-1)) continue;
      const member = name.replace(/_static$/, '');
      if (/^[A-Z]/.test(member) && builtin(`${owner}.${member}`)) walk(`${owner}.${member}`, feature, group);
      // Of the language's own classes the data do not say which members are static.
      else if (!has(feature, target)) found.push({ owner, member, on: group !== api ? 'either' : name === member ? 'prototype' : 'class' });
    }
  };
  for (const group of [api, javascript.builtins]) for (const [owner, features] of Object.entries(group)) if (owner !== '__compat') walk(owner, features, group);
  return found;
}

/**
 * Runs in a page or a worker, before its scripts: takes away what a target lacks. Gives what was there and is gone.
 *
 * @param lacked What `lackedIn` gave.
 */
export function takeAway(lacked) {
  const gone = [];
  const remove = (from, name, told) => {
    // Some cannot be deleted, as Symbol.asyncDispose.
    if (from && Object.prototype.hasOwnProperty.call(from, name) && Reflect.deleteProperty(from, name)) gone.push(told);
  };
  for (const { owner, member, on } of lacked) {
    const path = owner.split('.');
    const holder = path.slice(0, -1).reduce((found, name) => found?.[name], globalThis);
    const last = path[path.length - 1];
    const of = holder?.[last];
    if (member === undefined) remove(holder, last, owner);
    else {
      if (on !== 'prototype') remove(of, member, `${owner}.${member}`);
      if (on !== 'class') remove(of?.prototype, member, `${owner}.${member}`);
      // A global's members are the global object's own.
      if (/^(Window|WorkerGlobalScope|DedicatedWorkerGlobalScope)$|^_globals$/.test(owner)) remove(globalThis, member, member);
    }
  }
  globalThis.takenAway = gone;
  return gone;
}
