"""What schemathesis loads: a check of its refusals, and connections that each come from another loopback address.

Failed logins are counted for each address, and a check that tries wrong credentials must not meet the throttle.
"""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any

import schemathesis
from schemathesis import GenerationMode
from urllib3.util import connection

_connect = connection.create_connection
_numbers = count(1)


def _connect_from_elsewhere(address: tuple[str, int], *arguments: Any, **settings: Any) -> Any:
    number = next(_numbers)
    settings["source_address"] = (f"127.{1 + number // 62_500 % 250}.{number // 250 % 250}.{1 + number % 250}", 0)
    return _connect(address, *arguments[:1], **settings)


connection.create_connection = _connect_from_elsewhere

# What is refused although it is as the schemas say, because no schema can say it: rules of addresses and countries, of
# several fields together, and tokens that only the service makes.
BEYOND_SCHEMAS = re.compile(
    r"not an? (e-mail address|phone number|ISO 3166-1 alpha-2 country code)|a North American number"
    r"|must be (SMS, RCS or WHATSAPP|OPTED_IN or OPTED_OUT|after the effective time)|a no never ends"
    r"|recipient\.(channel|address): is needed|one for all addresses, or as many as there are|years 1 to 9999"
    r"|(is|more than five minutes) in the future|a permit speaks of now|the permit is not one of this service's"
    r"|the ledger has revisions up to|the token is not one of this service's|needed for the update type"
    r"|the request id was used with another body"
    r"|is (needed )?for [A-Z_]+( only)?\b|is needed (for (force|a statement of the recipient)|to list records as)"
    r"|a statement of the recipient needs one of|only a no of the business|an import is never forced"
    r"|SYSTEM is this service"
    r"|not an IPv4 or IPv6 address|is in the batch already|item is judged as one of|can make one that may"
    r"|this batch was reverted|holds the address, and is kept"
    r"|and no customer with a mobile number is named|holds no letter and no digit|always means|has another op"
)


@schemathesis.check
def refused_for_what_no_schema_says(ctx: Any, response: Any, case: Any) -> None:
    """Hold what is refused in spite of the schema to reasons that a schema cannot give."""
    mode = case.meta and case.meta.generation.mode
    if mode is not GenerationMode.POSITIVE or response.status_code not in (400, 422):
        return
    told = json.dumps(response.json(), ensure_ascii=False)
    if not BEYOND_SCHEMAS.search(told):
        raise AssertionError(f"refused, although the document allows it: {told[:600]}")
