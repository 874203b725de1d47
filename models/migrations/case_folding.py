"""Unicode case folding as a function of the database, written from Python's own tables.

`infora_fold(text)` is `normalize("NFC", text).casefold()` (Unicode, chapter 3.13): ASCII at once, single characters by
one `translate`, and the hundred that fold into several (ß, ŉ, ΐ) one by one, only where there are any.
"""

from __future__ import annotations

import sys

_FOLD = """
create function infora_fold(name text) returns text language plpgsql immutable strict parallel safe as $body$
declare
  several constant text := '{several}';
  into_several constant text[] := array[{into_several}];
  folded text;
begin
  if octet_length(name) = length(name) then
    return lower(name collate "C");
  end if;
  folded := translate(lower(normalize(name, NFC) collate "C"), '{single}', '{into_single}');
  for place in 1 .. length(several) loop
    if strpos(folded, substr(several, place, 1)) > 0 then
      folded := replace(folded, substr(several, place, 1), into_several[place]);
    end if;
  end loop;
  return folded;
end $body$;
"""


def fold_function() -> str:
    """Its definition. Characters that neither knows yet stay as they are."""
    single: dict[str, str] = {}
    several: dict[str, str] = {}
    for point in (*range(0x80, 0xD800), *range(0xE000, sys.maxunicode + 1)):
        character = chr(point)
        folded = character.casefold()
        if folded != character:
            (single if len(folded) == 1 else several)[character] = folded
    return _FOLD.format(
        several="".join(several),
        into_several=", ".join(f"'{folded}'" for folded in several.values()),
        single="".join(single),
        into_single="".join(single.values()),
    )
