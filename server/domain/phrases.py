"""Shipped wordings, as data: what reads as a no without being a stop word. `lookalikes` has what only sounds like one.

A line is a phrase of whole words, compared as `keywords.comparable` folds it: case, accents and punctuation mean
nothing, and an apostrophe may be left out (don't, dont). `(a|b)` stands for either, `(a|b)?` for either or neither;
groups do not nest. An indented line continues the one before. A change of any line raises PHRASES_VERSION.

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

_ENVOYEZ = (
    "envoyez",
    "envoie",
    "envoies",
    "envoyer",
    "écrivez",
    "écris",
    "écrire",
    "appelez",
    "appelle",
    "importunez",
    "embêtez",
    "achalez",
)
_CONTACTEZ = (
    *(
        "contactez",
        "contacte",
        "contacter",
        "contactes",
        "textez",
        "texte",
        "texter",
        "textes",
        "dérangez",
        "dérange",
        "déranger",
    ),
    *("sollicitez", "solliciter", "harcelez", "recontactez", "recontacter", "spammez", "relancez"),
)
_NE_ME = (
    "("
    + "|".join(
        [
            *(f"m'{verb}" for verb in _ENVOYEZ),
            *(f"{who} {verb}" for who in ("me", "nous") for verb in (*_ENVOYEZ, *_CONTACTEZ)),
        ]
    )
    + ")"
)
_MESSAGES = (
    "(messages|message|sms|textos|texto|textes|courriels|pub|pubs|publicité|publicités|promotions|promos|notifications|"
    "appels|communications|spam|spams)"
)
FRENCH = f"""
{_NE_ME} (plus|jamais|pas de|pas d'autres|rien)
(ne me|ne nous) (contactez|contacte|textez|texte|dérangez|dérange|sollicitez|harcelez|spammez|recontactez|écrivez)
    pas
(ne pas|ne plus|ne jamais) (me|nous|m')? (envoyer|écrire|contacter|texter|appeler|déranger|solliciter|recontacter|
    m'envoyer|m'écrire|m'appeler)
(n'envoyez|n'envoie|n'écrivez|n'écris|ne textez|ne contactez|n'appelez|n envoyez) plus
(arrêtez|arrête|cessez|cesse|stoppez|stoppe) (de|d'|vos|les|ces|ça|cela|tout|moi|avec|svp|s'il vous plaît|s'il te
    plaît|maintenant)
(arrêtez|arrête|cessez|stoppez) (d'envoyer|d'écrire|d'appeler)
(arrêter|cesser|stopper) (de me|de m'|de nous|de m'envoyer|de m'écrire|d'envoyer|de texter|de recevoir|les|ces|vos|
    tous|svp|s'il vous plaît|l'envoi|cela|ça)
(svp|s'il vous plaît|s'il te plaît|merci de|merci d'|veuillez|prière de|prière d') (arrêter|arrêtez|arrête|cesser|
    cessez|stopper|stop|ne plus|me retirer|me désabonner|retirer|supprimer mon|m'enlever)
(stop|stopper|stoppez|arrêt|fin|marre|assez) (aux|les|ces|vos|des|de|de vos|de ces|à vos|à ces|à tous ces|de tous
    ces)? {_MESSAGES}
(désabonner|désabonnez|désabonne|désabonnement|désabonnez moi|désinscrire|désinscrivez|désinscris|désinscription|
    désengager)
(résilier|annuler|annulez|arrêter|arrêtez) (mon|l'|cet|mes) (abonnement|abonnements|inscription)
(retirez|retire|retirer|enlevez|enlève|enlever|ôtez|supprimez|supprime|supprimer|rayez|effacez|effacer|radiez) (moi|
    nous|mon numéro|mon nom|mes coordonnées|ce numéro|mon adresse|mon contact|mon téléphone|mon cellulaire|mon cell|
    mes données|notre numéro)
(être|me|m'être) (retiré|retirée|retirer|enlever|rayé|rayée|supprimé|enlevé|enlevée) de (votre|vos|la|cette|ta)
(perdez|oubliez|bloquer|bloque|jetez) (mon numéro|ce numéro|votre numéro)
plus (de|de vos|de tes|de ces|aucun|aucune|jamais de|un seul|vos|recevoir de|recevoir vos|recevoir ces) {_MESSAGES}
pas de {_MESSAGES} (svp|merci|s'il vous plaît|s'il te plaît)
(veux|voulons|souhaite|souhaitons|désire|voudrais|aimerais) (plus|pas|ne plus|ne pas) (recevoir|en recevoir|vos|de
    vos|être contacté|être contactée|être sollicité|être dérangé|que vous|qu'on me|rien recevoir|entendre parler|me
    faire)
(veux|souhaite) (plus|pas|ne plus) (de|de ces|ces) (messages|textos|sms|pub|publicité|publicités|courriels)
(lâchez|lâche) (moi|nous)
(ne plus|rien|plus rien) recevoir
(laissez|laisse|fichez|foutez|fous|fiche) (moi|nous) (tranquille|tranquilles|la paix|en paix)
(mauvais|faux|mauvaise) (numéro|num|personne|destinataire)
(erreur|trompez|trompé|trompée|tromper|trompes) de (numéro|personne|destinataire)
(pas|plus) (le bon numéro|mon numéro|son numéro|la bonne personne)
(demande|demandons|exige) (l'arrêt|d'arrêter|l'arrêt immédiat|de cesser|d'être retiré|d'être retirée)
(retire|retirer|révoque|révoquer|annule) (mon|tout) consentement
(pas|jamais) (consenti|donné mon accord|donné mon consentement|donné mon numéro|autorisé|demandé à recevoir|demandé
    vos|demandé ces|abonné|abonnée)
(harcèlement|vous me harcelez|du spam|pourriel|pourriels|fichez le camp|va te faire|allez vous faire|foutez le camp)
(marre|assez|ras le bol|tanné|tannée) (de vos|de recevoir|de tes)
"""

_MENSAJES = (
    "(mensajes|mensaje|textos|mensajitos|llamadas|correos|sms|promociones|notificaciones|publicidad|spam|alertas|"
    "anuncios)"
)
_ESCRIBAN = (
    "(escriban|escriba|escribas|escriben|envíen|envíe|envíes|envían|manden|mande|mandes|mandan|llamen|llame|llames|contacten|contacte|contactes|"
    "molesten|moleste|molestes|texteen|textee|textees|mensajeen|mensajees|busquen|hablen|spameen|hostiguen|acosen)"
)
_ENVIAR = (
    "(enviar|enviarme|enviarnos|mandar|mandarme|mandarnos|escribir|escribirme|molestar|molestarme|contactar|contactarme|llamar|llamarme|"
    "textear|textearme|mensajear|mensajearme|acosar|acosarme|joder|joderme|chingar|fastidiar|insistir|hostigar|spamear|"
    "estar enviando|estar mandando)"
)
SPANISH = f"""
no (me|nos) {_ESCRIBAN}
no (molesten|molestar|molestes|moleste|insistan|insista)
(no|favor de no|por favor no|porfavor no|nunca) (escriban|envíen|enviar|enviarme|manden|mandar|mandarme|contactar|
    contactarme|textear|escribir|escribirme|llamarme|contacten) (más|mensajes|textos|nada|sms|nunca|de nuevo|otra
    vez)
(no|no quiero|no deseo|basta de|no quiero recibir|alto a|no queremos|paren con|pare con|suficientes|demasiados|
    tantos|stop a) (más|los|sus|estos|tantos|tus|más de estos|más de sus|esos)? {_MENSAJES}
(no|nunca) (quiero|deseo|queremos|deseamos|quisiera) (recibir|seguir recibiendo|ser contactado|ser contactada|que
    me|que nos|saber nada|saber más|nada de ustedes|nada con ustedes|seguir en|estar en|este servicio|estos|más de
    esto)
no {_MENSAJES} (por favor|porfa|gracias|porfavor)
no más (por favor|porfa|porfavor|de esto|de estos|de sus|envíos)
(dejen|deje|deja|dejar|dejes|paren|pare|para|parar|cesen|cese|basta|eviten) de {_ENVIAR}
(paren|pare|detengan|detenga|detener|suspendan|suspenda|suspender|cancelen|cancele|cancelar|cancela|desactiven|
    desactivar|terminen|quiten) (los|estos|sus|esos|todos los|todos sus|el envío de|las|mis|tus|la)? {_MENSAJES}
(déjenme|déjeme|déjame|déjennos|déjenos) (en paz|tranquilo|tranquila|tranquilos|de molestar|de escribir|de mandar|de
    enviar)
(darme|dame|deme|denme|darnos|denos|me den|me dé|me des|me doy|me quiero dar|dadme|darse|dar|dé|den|nos den|nos dé)
    de baja
(solicito|solicitar|quiero|pido|pedir|deseo|tramitar|necesito|causar) (la|mi|una|ser dado de|ser dada de|darme de)?
    baja
(de baja|baja) (por favor|porfa|porfavor|inmediata|de la lista|de su lista|de esta lista|del servicio|de este
    servicio|mi número|de los mensajes|de sms)
(quítenme|quíteme|quítame|quítennos|sáquenme|sáqueme|sácame|bórrenme|bórreme|bórrame|elimínenme|elimíneme|elimíname|
    retírenme|retíreme|remuévanme|remuéveme|remuévame|removerme|desuscríbanme|desuscríbame|desuscríbeme|
    desuscribirme|desuscribir|desuscribo|desubscribir|desubscribirme|desinscribir|desinscribirme|desapúntenme|
    desapúntame|desapúnteme)
(quiten|quite|quita|saquen|saque|saca|borren|borre|borra|eliminen|elimine|elimina|retiren|remuevan|remueva|borrar|
    eliminar|quitar|olviden|pierdan) (mi número|este número|mi nombre|mi teléfono|mi celular|mis datos|mi contacto|
    mi cel)
(anular|anulen|anule|cancelar|cancelen|cancele|terminar|revocar|revoco|retiro|cancelo|anulo) (mi|la|esta|el|todo)
    (suscripción|subscripción|consentimiento|inscripción|autorización|permiso)
(número|persona|teléfono) (equivocado|equivocada|incorrecto|incorrecta|erróneo|errado)
(equivocó|equivocaste|equivocaron|equivoca|equivocado|equivocada|equivocados) de (número|persona)
(no es|ya no es) (mi número|su número|el número de)
no soy (la persona que|quien) (busca|buscan)
no (autorizo|autoricé|consiento|consentí|di mi consentimiento|doy mi consentimiento|di permiso|di mi número|di mi
    autorización|pedí estos|pedí sus|me suscribí)
(acoso|hostigamiento|me están acosando|es spam|váyanse|lárguense|chinguen|chinga tu|vete a la|váyanse al|no estén
    chingando|ya basta|basta ya|es basta)
que me (borren|quiten|saquen|eliminen|den de baja|dejen en paz)
(harto|harta|hartos|cansado|cansada) de (sus|tus|estos mensajes|recibir|que me|tantos)
(los|les|te voy a|los voy a|les voy a) (reportar|bloquear|denunciar|demandar)
sin mi (consentimiento|permiso|autorización)
"""

# A no too, but with nothing more than politeness or haste about the word: not one where that word belongs to an
# exception, as in "please stop by at 5".
POLITE = """
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
(quit now|end now|end it|end this|make it end|don't send|do not send)
(plus jamais|jamais plus)
(eliminar|párele|párele ya|párenle|no quiero nada|no quiero|no quiero más|nunca más|ya no más)
"""
# Signs that are a no in a message that holds no word: the octagonal STOP sign, no entry, prohibited.
SIGNS = ("\U0001f6d1", "\u26d4", "\U0001f6ab")
