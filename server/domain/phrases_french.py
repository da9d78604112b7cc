"""French wordings that read as a no: data, written as in `phrases` and under its version and sources."""

from __future__ import annotations

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
