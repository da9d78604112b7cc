"""Shipped wordings, as data: what reads as a no without being a stop word.

`lookalikes` has what only sounds like one, `phrases_french` and `phrases_spanish` the noes of those languages. A line
is a phrase of whole words, compared as `keywords.comparable` folds it: case, accents and punctuation mean nothing, and
an apostrophe may be left out (don't, dont). `(a|b)` stands for either, `(a|b)?` for either or neither; groups do not
nest. An indented line continues the one before. A change of any line raises PHRASES_VERSION.

Sources: 47 CFR 64.1200(a)(10), by which any wording counts that a reasonable person would read as a request to revoke,
and the FCC's order on it, FCC 24-24; DESIGN section 5; how people who complain put it. No wording is left out because
it is rude, only because people use it who want the messages.
"""

from __future__ import annotations

PHRASES_VERSION = 1

# Words that say how much, not what: a message is read with them and without.
FILLERS = (
    *("fucking", "fuckin", "effing", "freaking", "frickin", "damn", "goddamn", "bloody", "stupid", "annoying"),
    *("ever", "just", "really", "kindly", "immediately", "putain", "pinche", "pinches", "malditos", "ya"),
)

_TEXTS = (
    "(texts|text|text messages|text message|txts|messages|message|msgs|sms|calls|emails|notifications|alerts|promos|"
    "promotions|ads|advertisements|spam|reminders|solicitations|communications|communication|marketing|texting|messaging)"
)
_THE = "(all|all the|all of the|all these|all of these|all your|the|these|those|this|your|any|my|with the)?"
_SENDING = (
    "(texting|txting|messaging|msging|sending|contacting|calling|emailing|e-mailing|spamming|bothering|harassing|"
    "bugging|pestering|soliciting|textin|sendin|txtn|callin|messagin|writing|"
    "notifying|blasting|blowing up|disturbing|stalking|pinging|bombarding)"
)
_DONT = "(do not|don't|never|do no|dnt)"
_WANT_NO = (
    "(do not want|don't want|do not wish|don't wish|no longer want|no longer wish|never want|never wanted|"
    "didn't ask for|never asked for)"
)

# A no wherever it stands in a message, however long.
ENGLISH = f"""
(stop|quit|cease|discontinue|refrain from|desist from) {_SENDING}
(stop|quit) (me|us|u|you|with) {_SENDING}
(stop|quit|cease|discontinue|cancel|no more|turn off) {_THE} {_TEXTS}
end (all|all the|all these|the|these|those|your) (texts|text messages|messages|sms|notifications|alerts|
    communications|communication)
(stop|quit) (receiving|getting|send|sent|txt|msg|contact|call|bother|harass|spam|subscription|subscribing)
stop (by text|via text|by sms|by order of|in the name of)
stop (in future|in the future|at once|it now|doing this|this now|this nonsense|this shit|this crap|all of this|all
    this|these people)
(want|asked|asking|told|telling|tell|begging|warned) (you|u|you all|you guys|y'all|you people|them|this company) to
    (stop|quit)
(want|need|like|would like) (this|it|these|them|these texts|the texts|these messages) to stop
(i|i've|already) (said|texted|replied|wrote|sent|typed|messaged) (stop|unsubscribe)
(you|u|they|you people|you guys|y'all|texts|messages) (don't|do not|never|won't|will not) stop
(can't|cannot|can not) stop (these|this|them|it|receiving|getting)
(make|making) (it|them|this|these) stop
(will not|won't|doesn't|does not|didn't|did not) stop {_SENDING}
{_DONT} (text|txt|message|msg|sms|contact|spam|harass|solicit|texting|messaging|contacting)
{_DONT} (call|e-mail|email|write|bother|disturb|notify|bug|ring|ping) (me|us|this number|here again|again|anymore|any
    more)
{_DONT} send (me|us)? (any|anything|any more|more|anymore|texts|text|messages|sms|these|this stuff|ads|offers|
    promotions|promos|spam)
(do not call|dnc|do not contact|do not text) (list|registry)
{_WANT_NO} (to be contacted|to be texted|to be messaged|to be called|to get these|to get your|to be on|to be bothered|
    to hear from|to
    receive|to continue receiving)
{_WANT_NO} (your|these|those|any|any more|anymore|more|the|all these|all the|to get|to get your|to get these|to get
    any more|getting)? {_TEXTS}
{_WANT_NO} you (to text|to contact|to message|to call|texting|contacting|messaging|calling|to send)
(no longer|not) interested in (receiving|getting|your texts|your messages|your offers|your services|your product|
    your products|these|texts)
(prefer|rather|like) (not to|to not) (receive|get texts|get messages|get these|be contacted|be texted|hear from)
no (further|future|additional|unsolicited) (texts|text messages|messages|sms|calls|contact|communication|
    communications|emails)
no more (contact|of these|of this|of those|of your|from you|please)
no (texts|text messages|texting|text|soliciting|solicitations|spam|messages) (please|pls|plz|thanks|thank you|
    allowed)
(remove|unsubscribe|delete|exclude|drop|scrub|unlist|unenroll|disenroll|deregister|unregister|unsub|erase) (me|us|my
    number|my phone|my cell|my name|my info|my information|my contact|my data|my mobile|our number|this number|this
    phone|this cell|this contact|phone number|number|from list|from your list|from the list|from this list|from
    your|from all|from text|from texts)
(take|get|remove) (me|us|my number|my name|my phone|this number|our number) (off|off of|out of your|out of this|
    from)
off (your|this|the|of your|of this|of the|all your|all) (list|lists|mailing list|text list|texting list|call list|
    contact list|contacts|distribution)
(want|want to be|like to be|asked to be|wish to be|ask to be) (off of|off this|off your|off the|removed|
    taken off|unsubscribed|deleted)
(please|pls|plz) (unsubscribe|unsub|cease|desist|discontinue|quit|go away|opt out|optout)
unsubscribe (please|pls|plz|now|asap|from|this|all)
(lose|ditch|burn) (my|this) (number|phone|contact)
(block|blocking|blocked) (you|u|your number|this number|this sender|ur number|your texts|your number)
leave (me|us) (alone|be|the f|f|the hell|the fuck|tf|the heck|in peace|out of this|out of it|off)
(fuck off|f off|piss off|bugger off|sod off|buzz off|get lost|kick rocks|take a hike|f ck off|f k off|fuck you|fuck u|
    screw you|go to hell|shove
    it)
(knock it off|cut it out|give it a rest|enough already|enough with the|enough with your|enough with these|go away
    and|go away or)
(sick|tired|fed up) (of|with) (getting|receiving|these texts|your texts|these messages|your messages|the texts|you
    texting|all these|your spam)
(too many|so many|enough) (texts|text messages|messages|alerts|notifications|promos|emails)
(wrong|incorrect) (number|person|phone number|cell number|phone|recipient|guy)
(you have|you've|you've got|you got|u got|u have|have|got) the wrong (number|person|guy|phone|contact|one|lady|man|
    woman|cell)
(not|isn't|no longer) (my|his|her|their) (number|phone number)
(opt|opting) (me|us|this number|my number) out
(want|like|wish|choose|need|trying|tried|asked|going|how) to (opt out|unsubscribe|unsub|optout|get off
    this|get off your|stop these)
(i|i'm|am|please|we) (opt out|opting out|unsubscribing)
opt out (of|from|please|pls|now|me)
(i|i've|have) (opted out|unsubscribed) (of|from|already|before|last|twice|yesterday|weeks|days|months|three|several|
    multiple)
already (opted out|unsubscribed)
how (do|can|would|does) (i|we|one) (unsubscribe|opt out|stop these|stop this|stop the|get off)
(revoke|revoking|withdraw|withdrawing|rescind|rescinding|retract) (my|all|any|our|any prior|all prior|prior)?
    (consent|permission|authorization)
(do not|don't|did not|didn't|never) (consent|consented|authorize|authorized|agree|agreed|agreed to be|agree to be)
    (to this|to these|to text|to texts|to receive|to messages|to be|contacted|to being|these|this|to receiving|to
    any)
(do not|don't|you do not have my|you don't have my) (consent|permission)
(consent|permission) (revoked|withdrawn|rescinded|denied)
(not|please no|pls no|no more) (texting|messaging|contacting) (me|us|anymore|any more)
(please|pls) no (texts|texting|messages|messaging)
no longer (at|on) this number
this (number|phone) (belongs to someone|no longer belongs)
not (the person|who) (you are|you're|ur) (looking for|trying to reach)
the dnc
(did not|didn't|never) (consent|consented|opt in|opted in|subscribe|subscribed|signed up)
(did not|didn't) sign up for (this|these|text|texts|your|any|messages|that)
(never gave|didn't give|did not give|do not give|don't give|do not have|don't have) (you|u)? (my
    consent|consent|my permission|permission)
(never gave|didn't give|did not give) (you|u)? (my number|this number)
without my (consent|permission)
(cancel|end|terminate|discontinue) (my|this|the|text|sms)? (subscription|subscriptions|text subscription|enrollment)
cease (and desist|communication|communications|contact|all contact|all communication|all communications)
(harassing|harrassing) (me|us|my|people)
(is|are|pure|total|plain|of|your|this) (harassment|harrassment)
(this is|it's|you are|you're|that's|just|more) (spam|spamming|spamming me|a scam|unsolicited|unwanted|junk)
(reported|reporting|report|marking|marked|flagged|flagging) (you|this|it|your number|this number|to|as)? (as spam|as
    junk|spam|the fcc|fcc|the ftc|ftc)
(reporting you|report you|reported you|sue you|suing you|legal action|the fcc|fcc complaint|tcpa)
(unsolicited|unwanted) (text|texts|text messages|message|messages|sms|contact)
(s t o p|st op|sto p|s top|u n s u b s c r i b e)
(stpo|sotp|unsuscribe|unsubcribe|unsubsribe|unsubscibe|unsubscrib|unsbscribe|unsubcsribe|unsubscrbe|unsuscribed)
"""

# A no too, but with nothing more than politeness or haste about the word: not one where that word belongs to an
# exception, as in "please stop by at 5".
POLITE = """
(stop|quit) (it|this|that) (please|pls|plz|now|right now|already)
(please|pls|plz|plse|plese|por favor|porfa|porfavor|svp|all of you|now) stop
stop (please|pls|plz|right now|now|already|por favor|porfa|porfavor|svp|asap|immediately|merci|gracias)
(stop|stopall|unsubscribe|revoke) (stop|stopall|unsubscribe|quit|end|cancel)
"""

# DESIGN section 5 (b): a no where one of these is a word of a message of at most SHORT words, outside an exception.
SHORT = 6
WORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "OPT OUT", "OPTOUT", "REVOKE", "ARRET", "ALTO", "BAJA")
# Their like: misspellings, the other languages' verbs, and what is a no only while little else is said.
SHORT_LIKE = """
(stopp|stpp|tsop|sttop|unsub|unsubscribed|unsubscribing|desubscribe|opting out|opt me|desist|cease)
(not interested|not intrested|no interest|no longer interested|never interested|uninterested|quit it)
(arrêtez|arrête|cessez|stoppez|pas intéressé|pas intéressée|plus intéressé|plus intéressée|ça suffit|résiliation)
(paren|párenle|deténganse|deténgase|no me interesa|no nos interesa|no estoy interesado|no estoy interesada)
"""
# A no where a sentence, a line or a clause says nothing else, in a message of any length.
ALONE = """
(stop|stop it|stop this|stopall|stop all|unsubscribe|opt out|optout|revoke|remove|removed|discontinue|stop already|
    just stop|stop now)
(enough|no more|go away|not interested|spam|junk|dnc|do not disturb|scam|shut up|quit it|piss off|cease)
(arrêt|arrêtez|arrête|arrêter|cessez|stoppez|assez|ça suffit|basta|plus rien|retirez|pas intéressé|pas intéressée)
(no más|ya no|basta|paren|pare|parar|detener|suficiente|no me interesa|no gracias basta|revocar|anular|ya párenle|
    párale)
(please|pls) (remove|delete|end|remove all)
(remove|delete) (please|pls|all|this)
(i don't want|don't want|i do not want|do not want) (this|these|any|it|them|any of this|anything)
(no texts|no text|no text messages|no messages|no sms|no texting)
(quit now|end now|end it|end this|make it end|don't send|do not send)
(plus jamais|jamais plus)
(eliminar|párele|párele ya|párenle|no quiero nada|no quiero|no quiero más|nunca más|ya no más)
"""
# Signs that are a no in a message that holds no word: the octagonal STOP sign, no entry, prohibited.
SIGNS = ("\U0001f6d1", "\u26d4", "\U0001f6ab")
