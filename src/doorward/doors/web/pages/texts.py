"""What the pages say, in the languages that we know: the one place for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from doorward.core.settings import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """
    Every sentence of the pages; names in braces are filled in.

    Attributes:
        summaries: of the built-in commands, where the catalogue's own are of another language.
        columns: headings of the built-in readers' tables, likewise.
        errors: by the status of HTTP, what went wrong and what to do.
        decimal: what parts the whole of a number from the rest.
    """

    language: str
    question: str
    skip: str
    main_menu: str
    commands: str
    runs: str
    sign_in: str
    sign_out: str
    signed_in_as: str
    # Signing in
    user_name: str
    password: str
    sign_in_hint: str
    wrong_login: str
    busy_login: str
    # The catalogue
    search: str
    of_this_server: str
    built_in: str
    none_found: str
    no_commands: str
    show_all: str
    found_one: str
    found_many: str
    shows_at_once: str
    takes_input: str
    # One command
    run: str
    run_again: str
    optional: str
    choose: str
    yes: str
    no: str
    input: str
    input_hint: str
    one_a_line: str
    please_mend: str
    expected: str
    expected_got: str
    no_such_parameter: str
    nothing_to_fill_in: str
    goes_on_alone: str
    # What a parameter takes
    any_text: str
    integer: str
    integer_from: str
    integer_between: str
    number_from: str
    number_between: str
    one_of: str
    yes_or_no: str
    host_name: str
    address: str
    port: str
    path: str
    pattern: str
    secret: str
    # Runs
    run_number: str
    state_waiting: str
    state_live: str
    state_stopping: str
    output: str
    from_stdout: str
    from_stderr: str
    follow: str
    pause: str
    resume: str
    copy: str
    copied: str
    not_copied: str
    download: str
    cancel: str
    no_output: str
    no_output_yet: str
    only_the_last: str
    renews_itself: str
    connection_lost: str
    access_ended: str
    asked_by: str
    asked_at: str
    asked_from: str
    took: str
    door: str
    who: str
    how_it_ended: str
    command: str
    under_way: str
    ended: str
    no_runs: str
    all_runs: str
    goes_on_for_others: str
    # How it ended
    done: str
    exited: str
    killed: str
    timed_out: str
    cancelled: str
    cancelled_because: str
    unkillable: str
    failed: str
    cut: str
    # Drawings
    drawing: str
    load: str
    load_over_time: str
    now: str
    nearly_full: str
    # Everything else
    back_to_commands: str
    error: str
    whoami_title: str
    whoami: str
    decimal: str
    errors: Mapping[int, tuple[str, str]]
    summaries: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    reasons: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


ENGLISH = Texts(
    language="en",
    question="What can I do for you?",
    skip="Skip to the content",
    main_menu="Main menu",
    commands="Commands",
    runs="Runs",
    sign_in="Sign in",
    sign_out="Sign out",
    signed_in_as="Signed in as {name}",
    user_name="User name",
    password="Password",  # noqa: S106 - a label
    sign_in_hint="With the name and the password that the keeper of this server gave you.",
    wrong_login="That name and that password do not belong together. Have another look at both.",
    busy_login="Many people are signing in just now. Try again in a moment.",
    search="Search the commands",
    of_this_server="Of this server",
    built_in="Built in",
    none_found="No command has that in its name or its summary.",
    no_commands="There is no command that you may ask for here.",
    show_all="Show all",
    found_one="1 command",
    found_many="{count} commands",
    shows_at_once="shows at once",
    takes_input="takes input",
    run="Run",
    run_again="Run again",
    optional="optional",
    choose="Choose one",
    yes="Yes",
    no="No",
    input="Input",
    input_hint="What the command reads on its standard input.",
    one_a_line="One value a line.",
    please_mend="This cannot be run yet. Look at what is marked below.",
    expected="Expected {expected}.",
    expected_got="Expected {expected}, but got {found}.",
    no_such_parameter="It has no such parameter: {found}.",
    nothing_to_fill_in="There is nothing to fill in.",
    goes_on_alone="It goes on when nobody reads it.",
    any_text="a text of {least} to {most} characters that does not begin with a dash",
    integer="a whole number",
    integer_from="a whole number from {least}",
    integer_between="a whole number from {least} to {most}",
    number_from="a number from {least}",
    number_between="a number from {least} to {most}",
    one_of="one of {choices}",
    yes_or_no="yes or no",
    host_name="a host name or an IP address",
    address="an IPv4 or IPv6 address",
    port="a port from {least} to {most}",
    path="a path inside {within}",
    pattern="a text that matches {pattern} as a whole",
    secret="a secret of {least} to {most} characters, which is never shown",  # noqa: S106 - a hint
    run_number="Run {number}",
    state_waiting="Waiting for a place",
    state_live="Running",
    state_stopping="Being stopped",
    output="Output",
    from_stdout="output",
    from_stderr="errors",
    follow="Follow",
    pause="Pause",
    resume="Resume",
    copy="Copy",
    copied="Copied",
    not_copied="The browser did not allow it",
    download="Download",
    cancel="Cancel",
    no_output="It wrote nothing.",
    no_output_yet="Nothing yet.",
    only_the_last="Only the last part is shown here. The download has all of it.",
    renews_itself="This page renews itself every few seconds until the end.",
    connection_lost="The connection was lost. Trying again.",
    access_ended="You are not signed in any more.",
    asked_by="Asked by",
    asked_at="When",
    asked_from="From",
    took="Took",
    door="Door",
    who="Who",
    how_it_ended="How it ended",
    command="Command",
    under_way="Under way",
    ended="Ended",
    no_runs="There is no run that you may see.",
    all_runs="All runs",
    goes_on_for_others="Run {number} goes on for others. You have been taken off it.",
    done="Done",
    exited="Exit status {status}",
    killed="Killed by signal {signal}",
    timed_out="Stopped after {seconds} s",
    cancelled="Cancelled",
    cancelled_because="Cancelled: {reason}",
    unkillable="Could not be killed",
    failed="Failed: {reason}",
    cut="output cut at {size}",
    drawing="At a glance",
    load="Load over {label}: {value}",
    load_over_time="While this page is open",
    now="now",
    nearly_full="nearly full",
    back_to_commands="Back to the commands",
    error="Error {status}",
    whoami_title="Who are you?",
    whoami="You are {user}, your address is {address}, and you are visitor {visitor} since the start.",
    decimal=".",
    errors=MappingProxyType(
        {
            400: ("That could not be read", "The request is not one that a browser sends."),
            401: ("Who are you?", "Sign in first."),
            403: ("Not for you", "You may not do this here."),
            404: ("I did not understand.", "There is no such page, and no such command for you."),
            405: ("Not like this", "This is asked for in another way."),
            413: ("Too much", "That is more than is taken here."),
            415: ("Not like this", "A form of ours sends something else."),
            421: ("Not this server", "It does not go by that name."),
            422: ("Uh?", "That is not what was expected."),
            429: ("Wait a little", "Too many logins failed from where you are. Try again in a minute."),
            500: ("That failed", "It is our mistake. The keeper of this server finds it in the log."),
            503: ("Busy", "There is too much to do just now. Try again in a moment."),
        }
    ),
)

FRENCH = Texts(
    language="fr",
    question="Que puis-je faire pour vous ?",
    skip="Aller au contenu",
    main_menu="Menu principal",
    commands="Commandes",
    runs="Exécutions",
    sign_in="Se connecter",
    sign_out="Se déconnecter",
    signed_in_as="Connecté en tant que {name}",
    user_name="Nom d’utilisateur",
    password="Mot de passe",  # noqa: S106 - a label
    sign_in_hint="Avec le nom et le mot de passe que le gardien de ce serveur vous a donnés.",
    wrong_login="Ce nom et ce mot de passe ne vont pas ensemble. Vérifiez les deux.",
    busy_login="Beaucoup de personnes se connectent en ce moment. Réessayez dans un instant.",
    search="Chercher parmi les commandes",
    of_this_server="De ce serveur",
    built_in="Intégrées",
    none_found="Aucune commande n’a cela dans son nom ni dans son résumé.",
    no_commands="Il n’y a ici aucune commande pour vous.",
    show_all="Tout afficher",
    found_one="1 commande",
    found_many="{count} commandes",
    shows_at_once="résultat immédiat",
    takes_input="lit une entrée",
    run="Exécuter",
    run_again="Exécuter à nouveau",
    optional="facultatif",
    choose="Choisissez",
    yes="Oui",
    no="Non",
    input="Entrée",
    input_hint="Ce que la commande lit sur son entrée standard.",
    one_a_line="Une valeur par ligne.",
    please_mend="Ceci ne peut pas encore être exécuté. Voyez ce qui est signalé ci-dessous.",
    expected="Attendu : {expected}.",
    expected_got="Attendu : {expected} ; reçu : {found}.",
    no_such_parameter="Elle n’a pas ce paramètre : {found}.",
    nothing_to_fill_in="Il n’y a rien à remplir.",
    goes_on_alone="Elle continue quand personne ne la lit.",
    any_text="un texte de {least} à {most} caractères qui ne commence pas par un tiret",
    integer="un nombre entier",
    integer_from="un nombre entier à partir de {least}",
    integer_between="un nombre entier de {least} à {most}",
    number_from="un nombre à partir de {least}",
    number_between="un nombre de {least} à {most}",
    one_of="l’un de {choices}",
    yes_or_no="oui ou non",
    host_name="un nom d’hôte ou une adresse IP",
    address="une adresse IPv4 ou IPv6",
    port="un port de {least} à {most}",
    path="un chemin dans {within}",
    pattern="un texte entièrement conforme à {pattern}",
    secret="un secret de {least} à {most} caractères, qui n’est jamais montré",  # noqa: S106 - a hint
    run_number="Exécution {number}",
    state_waiting="Attend une place",
    state_live="En cours",
    state_stopping="En cours d’arrêt",
    output="Sortie",
    from_stdout="sortie",
    from_stderr="erreurs",
    follow="Suivre",
    pause="Pause",
    resume="Reprendre",
    copy="Copier",
    copied="Copié",
    not_copied="Le navigateur ne l’a pas permis",
    download="Télécharger",
    cancel="Annuler",
    no_output="Elle n’a rien écrit.",
    no_output_yet="Rien pour l’instant.",
    only_the_last="Seule la dernière partie est montrée ici. Le téléchargement contient tout.",
    renews_itself="Cette page se renouvelle toutes les quelques secondes jusqu’à la fin.",
    connection_lost="La connexion est perdue. Nouvel essai.",
    access_ended="Vous n’êtes plus connecté.",
    asked_by="Demandée par",
    asked_at="Quand",
    asked_from="Depuis",
    took="Durée",
    door="Porte",
    who="Qui",
    how_it_ended="Fin",
    command="Commande",
    under_way="En cours",
    ended="Terminées",
    no_runs="Il n’y a aucune exécution que vous puissiez voir.",
    all_runs="Toutes les exécutions",
    goes_on_for_others="L’exécution {number} continue pour d’autres. Vous n’en faites plus partie.",
    done="Terminée",
    exited="Code de sortie {status}",
    killed="Tuée par le signal {signal}",
    timed_out="Arrêtée après {seconds} s",
    cancelled="Annulée",
    cancelled_because="Annulée : {reason}",
    unkillable="N’a pas pu être tuée",
    failed="Échec : {reason}",
    cut="sortie coupée à {size}",
    drawing="En un coup d’œil",
    load="Charge sur {label} : {value}",
    load_over_time="Tant que cette page est ouverte",
    now="maintenant",
    nearly_full="presque plein",
    back_to_commands="Retour aux commandes",
    error="Erreur {status}",
    whoami_title="Qui êtes-vous ?",
    whoami="Vous êtes {user}, votre adresse est {address}, visiteur {visitor} depuis le début.",
    decimal=",",
    errors=MappingProxyType(
        {
            400: ("Illisible", "Un navigateur n’envoie pas une telle demande."),
            401: ("Qui êtes-vous ?", "Connectez-vous d’abord."),
            403: ("Pas pour vous", "Vous n’avez pas le droit de faire cela ici."),
            404: ("Je n'ai rien compris.", "Il n’y a pas de telle page, ni de telle commande pour vous."),
            405: ("Pas ainsi", "Cela se demande autrement."),
            413: ("Trop", "C’est plus que ce qui est accepté ici."),
            415: ("Pas ainsi", "Un de nos formulaires envoie autre chose."),
            421: ("Pas ce serveur", "Il ne porte pas ce nom."),
            422: ("Euh ?", "Ce n’est pas ce qui était attendu."),
            429: ("Patience", "Trop de connexions ont échoué depuis chez vous. Réessayez dans une minute."),
            500: ("Échec", "L’erreur est de notre côté. Le gardien du serveur la trouve dans le journal."),
            503: ("Occupé", "Il y a trop à faire en ce moment. Réessayez dans un instant."),
        }
    ),
    summaries=MappingProxyType(
        {
            "uptime": "Depuis quand la machine tourne, et sa charge",
            "df": "L’espace libre de chaque système de fichiers",
            "whoami": "Votre adresse, qui vous êtes, et le nombre de visiteurs",
            "echo": "Redire les mots",
            "status": "Comment va le démon",
            "reload": "Relire la configuration",
        }
    ),
    columns=MappingProxyType(
        {
            "file system": "système de fichiers",
            "size": "taille",
            "used": "utilisé",
            "available": "disponible",
            "used part": "part utilisée",
            "mounted on": "monté sur",
        }
    ),
    reasons=MappingProxyType(
        {
            "nobody read it": "personne ne la lisait",
            "the daemon was stopped": "le démon a été arrêté",
            "it goes on for others": "elle continue pour d’autres",
        }
    ),
)

TEXTS: Mapping[Language, Texts] = MappingProxyType({Language.ENGLISH: ENGLISH, Language.FRENCH: FRENCH})
