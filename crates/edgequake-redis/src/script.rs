//! What happens in one step: a record is changed only from what the writer has seen, with the clock of Redis, and accounts whose
//! login has expired are forgotten.

use std::fmt;

use redis::Script;

/// `KEYS`: the login, the logins of its server. `ARGV`: the revision that is expected, empty for none; the highest that the
/// writer has seen; the record; the account; its rank among the logins; how long it is kept in milliseconds, 0 for ever.
///
/// The answer is the new revision, or nothing after a conflict. A revision lower than what was seen is what a Redis that lost
/// writes has left: for whoever expects nothing it is nothing.
const COMPARE_AND_SET: &str = r"
local present = redis.call('HGET', KEYS[1], 'revision')
if not present and redis.call('EXISTS', KEYS[1]) == 1 then return redis.error_reply('WRONGTYPE no login') end
local seen = tonumber(ARGV[2])
if ARGV[1] == '' then
  if present and tonumber(present) >= seen then return false end
elseif present ~= ARGV[1] then
  return false
end
local time = redis.call('TIME')
local revision = tonumber(time[1]) * 1000000 + tonumber(time[2])
local floor = math.max(seen, tonumber(present or '0'))
if revision <= floor then revision = floor + 1 end
local text = string.format('%.0f', revision)
redis.call('HSET', KEYS[1], 'revision', text, 'record', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[5], ARGV[4])
if ARGV[6] == '0' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
end
return text
";

/// `KEYS`: the logins of a server; those of some of its accounts. `ARGV`: these accounts.
///
/// The answer is the first account whose login is there, and which is not the empty one: that belongs to a program's own tokens. Those
/// before it are taken off the list.
const FIRST_LOGIN: &str = r"
for place, account in ipairs(ARGV) do
  if account ~= '' and redis.call('EXISTS', KEYS[place + 1]) == 1 then return account end
  redis.call('ZREM', KEYS[1], account)
end
return false
";

/// A script, known by its hash.
pub(crate) struct Known(pub(crate) Script);

impl Known {
    pub(crate) fn compare_and_set() -> Self {
        Self(Script::new(COMPARE_AND_SET))
    }

    pub(crate) fn first_login() -> Self {
        Self(Script::new(FIRST_LOGIN))
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get_hash())
    }
}
