"""Spanish wordings that read as a no: data, written as in `phrases` and under its version and sources."""

from __future__ import annotations

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
