"""Messages as people send them, with the intent that each must have (DESIGN, section 5). No settings, no open request.

One a line; ⏎ stands for a line break.
"""

from __future__ import annotations

STOP = """
STOP
stop
Stop.
stop!!!
STOP 🛑
S\u200bTOP
 stop
“Stop”
ＳＴＯＰ
𝐒𝐓𝐎𝐏
STOP.
(stop)
*STOP*
#stop
Stop all
STOP-ALL
stopall
Unsubscribe
UNSUBSCRIBE!
unsubscribe 😡
Cancel
cancel.
END
End!
Quit
quit 🙄
Revoke
Opt out
opt-out
OPTOUT
Opt Out.
ARRET
Arrêt
ARRÊT.
arrêt !
Alto
¡ALTO!
Baja
BAJA.
Cancelar
cancelar 🙏
"""

START = """
START
Start
start!
unstop
UNSTOP 👍
ＳＴＡＲＴ
"""

HELP = """
HELP
help?
Info
INFO.
Aide
AIDE !
Ayuda
¡Ayuda!
help 🙏
"""

SUSPECTED_ENGLISH = """
please stop
Please stop.
STOP please
stop plz
pls stop
Stop now!
STOP STOP STOP
stop stop stop stop stop stop stop stop
stop it
STOP THIS
stooooop
STOPPPP
Stopp
stpo
S.T.O.P.
s t o p
ok stop
I said stop
STOP 2
stop⏎⏎Sent from my iPhone
STOP⏎Sent from my Verizon, Samsung Galaxy smartphone
Stop texting me
stop txting me
Quit texting me!!
Stop sending me this
stop sending me these messages or I will report you to the FCC
Stop contacting me, I have asked you four times already and nobody listens
will you people PLEASE stop messaging this number
stop calling me
please stop spamming me
Stop with the texts
stop all the texts
Stop these messages
STOP ALL MESSAGES
can you stop texting
I want you to stop
I've asked you to stop three times now. What is wrong with you people?
I told you to stop
I already replied STOP
stop by my office? no, stop texting me
I can't stop these texts
why can't I stop getting these
how do I make it stop
stop fucking texting me
please for the love of god do not ever text me again
don't text me
Dont text this number
don’t text me anymore
don?t text me
DO NOT TEXT
Do not contact me
do not contact this number ever again
Do not message me again.
never text me again
don't call me
Do not send me any more messages
don't send anything else, don't send texts
I don't want these texts
I do not wish to receive these messages.
i dont want to receive texts from your company any longer thank you
I no longer wish to receive text messages from your dealership
We don't want to be contacted
Didn't ask for these texts
Remove me
remove me from your list
Please remove my number from your system
Remove this number
take me off
Take me off your list please
take my number off your list
get me off this list
I want off this list
Please take us off your mailing list, we moved to Ohio two years ago
delete my number
Delete me from your contacts
lose my number
Leave me alone
leave us alone!!!
no more texts
No more texts please
NO MORE MESSAGES
no more
No texts please
enough already
Too many texts
wrong number
Wrong number, sorry
You have the wrong number
u got the wrong person
This is not my number
opt me out
Opt out please
I want to opt out
I would like to opt out of these communications effective today
please opt-out
I opt out
How do I opt out?
unsubscribe me
Please unsubscribe
unsubscribe please
Unsubscribe from this list
unsuscribe
unsubcribe me now
unsub
how do i unsubscribe
I'd like to unsubscribe from all of your dealership's promotional messages
REVOKE my consent
I hereby revoke my consent to receive calls or text messages from you or your affiliates.
I withdraw consent
I never consented to this
I never signed up for this
I didn't sign up for these
I did not give you permission to text me
who gave you consent? I never gave you permission
Cease and desist
Cease all communication with me immediately
Please discontinue
Discontinue these messages
This is harassment
You are harassing me
this is spam
Spam
reported as spam
I'm reporting you
I am blocking this number
fuck off
Piss off
go away
Please go away
Not interested
Not interested, thanks
I'm not interested in receiving your offers any more, we bought a car elsewhere
cancel these texts
cancel my subscription
Please cancel text alerts
End these messages
turn off notifications
put me on your do not call list
Add me to your DNC list
my number is on the do not call registry
TCPA violation
Enough. I have told you I sold that car in 2019 and I do not live there.
I have asked nicely. STOP. I do not know what else to say to you people.
Who is this and why do you keep writing to me every single day? Stop!
Stop, I have no idea who you people are or why you write
Thanks for nothing - stop - and tell your manager that I said it
NO!!! STOP
🛑
⛔️
Yes please stop
Unsubscribe STOP QUIT CANCEL END
Stop, STOP, and stop again
bus stop stop texting
I am not coming by bus. Stop it please
no bus. stop thanks
STOP BY ORDER OF MY LAWYER
You people never stop!
How can I stop?
no texts
I am at the bus stop. Stop texting me.
don't stop by, and don't text me
please stop in future
Liked your text, now stop texting me
Loved “STOP” but please stop texting me
Liked “Sale!” stop texting me “now”
"Reply STOP to end" ok STOP
Liked STOP
Liked “Unsubscribe
to “STOP”
Hi, this is Dana's attorney. Do not contact my client at this number.
Text STOP to end? fine, STOP
revoke please
"""

SUSPECTED_FRENCH = """
Arrêtez
arrêtez !
ARRETEZ
Arrêtez de m'écrire
arretez de menvoyer des textos
Arrête de m'envoyer ça
Arrêtez svp
Arrêt svp
stop svp
SVP arrêter les messages
Cessez de me contacter
cessez vos messages
stop aux sms
Arrêt des messages s.v.p.
Ne m'envoyez plus rien
ne m’envoyez plus de messages
Ne m'envoyez plus de textos, je vous l'ai déjà demandé trois fois cette semaine
m'envoyez plus de messages
n'envoyez plus
Ne m'écrivez plus
Ne me contactez plus
ne me textez plus
merci de ne plus me contacter
Prière de ne plus m'envoyer de messages
Je ne veux plus recevoir vos messages
je veux plus de textos
je ne souhaite plus recevoir de communications de votre part, merci
désabonner
Me désabonner svp
desabonnez-moi
Désabonnement
Je me désabonne
Comment se désabonner ?
Désinscription
désinscrivez-moi de votre liste
Retirez-moi de la liste
enlevez mon numéro
Supprimez mon numéro de vos fichiers
Veuillez me retirer de votre liste
effacez mon numéro
Laissez-moi tranquille
laisse moi tranquille
Fichez-moi la paix
foutez-moi la paix !!
Mauvais numéro
Vous avez le mauvais numéro
Faux numéro
vous vous trompez de numéro
Vous n'avez pas le bon numéro
Je retire mon consentement
je n'ai jamais consenti
plus de messages svp
Plus de pub
marre de vos messages
C'est du harcèlement
Pas intéressé
Ça suffit
"""

SUSPECTED_SPANISH = """
Alto por favor
ALTO YA
Baja por favor
baja ya
Para ya de mandarme mensajes
No más mensajes
no mas mensajes por favor
No mas
NO MÁS
no más textos
No me escriban
no me escriban mas
No me manden mensajes
no me envien mas mensajes
No me envíe más mensajes, ya le dije que no me interesa ese carro
no me molesten
No me llamen
por favor no me contacten
favor de no enviar mas mensajes
ya no me manden nada
Ya no quiero recibir mensajes
no quiero mas mensajes
No quiero recibir sus promociones
no deseo recibir información de ustedes
No quiero que me escriban
Darme de baja
dame de baja
Quiero darme de baja
Denme de baja por favor
deme de baja de su lista
Solicito la baja
me doy de baja
Dar de baja este número
Déjenme en paz
dejame en paz
Dejen de molestar
deja de escribirme
Dejen de mandarme mensajes por favor, yo nunca los pedí
paren de mandar mensajes
Paren ya
basta de mensajes
Basta
¡Ya basta!
quitenme de su lista
Sáquenme de la lista
Bórrenme
borren mi número
elimine mi numero
Número equivocado
numero equivocado, yo no soy Carlos
se equivocó de número
Tiene el numero equivocado
No es mi número
cancelar mensajes
Cancelen los mensajes
cancelar mi suscripción
Desuscribir
desuscribirme por favor
Revoco mi consentimiento
no autorizo mensajes
No me interesa
no estoy interesada
esto es acoso
stop por favor
Hola, favor de eliminar mi número de su sistema, gracias
"""

NONE_ENGLISH = """
We have got to stop this terrible bill
cancel my 3pm
Please cancel
cancel please
I need to cancel my appointment
can you cancel my order
stop by at 5
Can I stop by at 5?
I'll stop by tomorrow after work
please stop by at 5
Please stop in when you can
Stop by anytime!
stop by?
I will stop in later
Ok we'll stop over on Sunday
I'm at the bus stop
the bus stop
bus stop please
Is this the last stop?
non stop
It was non-stop fun
nonstop
I can't stop laughing
cant stop now
Can't stop smiling
full stop
One stop shop
pit stop then home
next stop Denver
stop sign on Main
the stop light is out
left at the stop light
truck stop
Don't stop!
don't stop believin
Rest stop
quick stop at the store
I'll stop at the store
Stop at my house first
Need to stop for gas
stop watch
I will never stop loving you
please don't stop
the rain stopped
stopping by soon
He stops at 5
unstoppable
nonstop flights?
The doctor said that I should stop taking it if the rash comes back tomorrow
Do I need to stop eating before the blood test on Monday morning?
Can the driver stop at two addresses on the way to the airport tomorrow?
Turn right after the stop sign and then it is the third house
yes
Yes
YES!
Y
Yes please
no
No thanks
no thank you
No, 5 pm does not work for me
ok
OK 👍
👍
👎
😂😂
?
!!!
...
Thanks
thank you so much!!
Who is this?
who dis
When do you close?
help me
can you help me with my order
I need help
info please
start at 5?
Can we start at 9 instead?
when does it start
Let's start
The end
weekend
this is the end of the road for my old car
end of day works
I quit smoking
quit claim deed
quite nice
I love your texts
Text me when it is ready
Please text me
Call me
call me back please
Can you send me more info?
send more
I'd like to remove the tire and replace it
remove the old one
take the old one off
is it the wrong size?
I ordered the wrong size
Wrong color
My new number is 555-0134
I want more information
not yet
Not now
I'm interested
Sorry, I was in a meeting
On my way
Running 10 minutes late
See you at 5
1
2
C
Confirm
confirmed
STOPLIGHT
stopover in Dallas
Is the pain supposed to stop?? it has been hurting since the surgery last week
will it ever go away on its own
opting in
option 2
opt in
What does the subscription cost?
Add me to the list
Liked “STOP”
Loved “Reply STOP to unsubscribe”
Disliked “Reply STOP to end, HELP for help”
Laughed at “Please stop texting me”
Emphasized “STOP”
Questioned “Text STOP to opt out”
Liked "STOP"
liked “stop”
Liked “We said “hello” and STOP”
Reacted 👍 to “STOP”
Reacted with 👍 to "STOP"
Removed a like from “STOP”
Removed a heart from “STOP”
Removed an exclamation from “Stop texting”
Removed 👍 from “STOP”
👍\u200b to “\u200aSTOP\u200a”
👍 to "STOP"
❤️ to “Reply STOP to end”
😂 to “please stop”
‼️ to “STOP”
Loved an image
Liked a movie
"""

NONE_FRENCH = """
Oui
non
Non merci
merci beaucoup
D'accord
Je suis à l'arrêt de bus
arrêt de bus
Je suis en arrêt maladie
il pleut sans arrêt
Prochain arrêt Berri
Je cherche l'arrêt du bus 51
Je voudrais annuler mon rendez-vous
annuler rdv demain
À demain
Est-ce que c'est prêt ?
Je passe à 17h
Appelez-moi
Envoyez-moi plus d'informations
Plus d'infos svp
J'ai besoin d'aide
Vous fermez à quelle heure ?
Le moteur s'est arrêté
A aimé « STOP »
A adoré « Répondez STOP pour vous désabonner »
N’a pas aimé « ARRET »
A ri de « Arrêtez de m'écrire »
A souligné « STOP »
A posé une question sur « STOP »
A réagi avec 👍 à « STOP »
👍 à « STOP »
"""

NONE_SPANISH = """
Sí
si
No
No gracias
Gracias
Muchas gracias!
Hola
Estoy en Palo Alto
Vivo en Baja California
Baja California Sur
planta baja
Estoy en la planta baja
temporada baja
más alto por favor
El precio es muy alto
precio más alto
hable más alto
Estoy de baja
presión baja
tengo la batería baja
baja el volumen
Baja Fresh?
Trip to Baja
Tengo el azúcar alto
Quiero cancelar mi cita
cancelar la cita de mañana por favor
No puedo ir hoy
A qué hora cierran?
Necesito ayuda
ayuda por favor
Mándeme más información
Quiero más información del carro
Llámeme
No entiendo
¿Cuánto cuesta?
Voy en camino
No me funciona el enlace
Le gustó “STOP”
Le encantó “Responda ALTO para cancelar”
No le gustó “BAJA”
Le dio risa “no me escriban”
Exclamó por “ALTO”
Dudó sobre “STOP”
Reaccionó con 👍 a “STOP”
👍 a “STOP”
"""
