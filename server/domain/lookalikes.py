"""Shipped wordings, as data: what sounds like a no and is none. Lines are written as in `phrases`, under its version.

Sources: DESIGN section 5; for the reactions, what Apple's Messages and Google Messages send to phones that cannot show
one, as public programs that read message archives record it.
"""

from __future__ import annotations

# What holds one of WORDS and is no no. It excuses its own occurrence of the word only.
EXCEPTIONS = """
stop (by|in|over|off|around|into|through|and shop|n shop|and go|and smell|and think|and chat|and say|and eat|and
    see|and get|and pick|and look|motion|sign|signs|light|lights|watch|loss|losses|gap|order|payment|bath)
stop at (the|my|your|our|his|her|their|a|an|home|work|walmart|target|costco)
stop to (eat|get|grab|pick|see|visit|drop|buy|check|look|say)
stop for (a|an|the|gas|lunch|dinner|breakfast|coffee|food|ice|fuel|drinks|groceries|some)
(bus|non|none|one|full|pit|rest|truck|train|tram|metro|subway|trolley|shuttle|ferry|taxi|cab|tour|next|last|first|
    second|third|final|another|short|back|door|f|whistle|gas|fuel|coffee|lunch|bathroom|quick|every|each|your|my|
    our|auto|emergency|traffic|4 way|four way|truck|way) stop
(can't|cannot|can not|couldn't|could not|don't|do not|never|wouldn't|would not|will never|no need to) stop
(i'll|i will|we'll|we will|i could|we could|i might|we might|i had to|we had to|i'm going to|i am going to|
    we're going to|i'm gonna|we're gonna|he will|she will|he'll|she'll) stop
(didn't|did not|don't|do not|never) (unsubscribe|opt out|optout|revoke)
arrêt (de bus|d'autobus|du bus|bus|de tram|de métro|maladie|cardiaque|de travail|de jeu|complet|sur image|
    obligatoire|au)
(sans|prochain|premier|dernier|mandat d'|l'|à l'|un|cet|mon|votre|autobus) arrêt
(l'arrêt|mandat d'arrêt)
(s'est|s'était|est|était|s'|m'|n'|j'|se sont) (arrêté|arrêtée|arrêtés)
(s'arrête|m'arrête|j'arrête|t'arrête|on arrête|n'arrête pas|n'arrêtez pas|n'arrête jamais)
(palo|el|monte|puerto|cerro|villa|porto|rio|ojo|pino|más|muy|tan|demasiado|bastante|lo|es|está|son|un|precio|costo|
    nivel|volumen|colesterol|azúcar|glucosa|presión|riesgo|valor|tono|grado|contralto) alto
alto (precio|costo|coste|riesgo|nivel|volumen|rendimiento|mando|voltaje|horno|relieve|impacto|paraná|hospicio|
    saxophone|sax|valle|que)
baja (california|sur|norte|fresh|blast|tensión|presión|calidad|temporada|velocidad|visión|laboral|médica|maternal|
    por enfermedad|por maternidad|paternal|intensidad|autoestima|el precio|los precios|el volumen|la voz|la música|
    la temperatura|la ventana|la fiebre|las escaleras|la escalera|al lobby|a la calle|a comer|tantito|grasa)
(planta|temporada|más|muy|tan|demasiado|bastante|presión|tensión|batería|pila|voz|marea|clase|cabeza|gama|estatura|
    es|está|señal|zona|parte|calificación|nota|estoy de|está de|sigo de|estaba de|estuve de|estar de|to|in|from|
    visiting|mesa) baja
"""

# How phones tell of a reaction, before the quotation that ends the body (Apple's and Google's wordings).
REACTIONS = """
(liked|loved|disliked|laughed at|emphasized|emphasised|questioned)
(reacted to|reacted with to|reacted with a sticker to|removed from)
removed (a|an) (like|heart|dislike|laugh|exclamation|exclamation mark|question mark|reaction) from
(le gustó|le encantó|no le gustó|le dio risa|exclamó por|exclamó|dudó sobre|dudó de|preguntó por|cuestionó|enfatizó|
    destacó|hizo énfasis en|se rió de|se rio con|le ha gustado|le ha encantado|no le ha gustado|se ha reído de|se ha
    reído con|ha exclamado|ha cuestionado|ha destacado)
(reaccionó a|reaccionó con a|ha reaccionado a|ha reaccionado con a)
(quitó|eliminó|ha quitado|ha eliminado) (un|una|el|la)? (me gusta|me encanta|corazón|no me gusta|risa|exclamación|
    interrogación|reacción)? (de|a)
(a aimé|a adoré|n'a pas aimé|a ri de|a ri à|a souligné|a mis en évidence|a insisté sur|a mis l'accent sur|a posé une
    question sur|a questionné|s'est interrogé sur|s'est interrogée sur|s'est exclamé sur)
(a réagi à|a réagi avec à|a réagi par à)
(a retiré|a supprimé|a enlevé) (un|une|le|la)? (j'aime|coeur|je n'aime pas|rire|exclamation|point d'exclamation|
    point d'interrogation|réaction)? (de|à|sur)
"""
# The same told with the emoji alone: 👍 to “…”.
EMOJI_REACTIONS = """
(to|à|removed from)
"""
