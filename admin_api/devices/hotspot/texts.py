"""What the pages say, in five languages. A key stands in the pages as `data-text`."""

from __future__ import annotations

from typing import Final, Literal

Language = Literal["en", "fr", "es", "sw", "ar"]
DEFAULT: Final = "en"
RIGHT_TO_LEFT: Final = ("ar",)
NAMES: Final = {"en": "English", "fr": "Français", "es": "Español", "sw": "Kiswahili", "ar": "العربية"}

TEXTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "language": "Language", "login": "Log in", "username": "User name or voucher", "password": "Password",
        "failed": "You could not be logged in", "script": "Your browser must allow JavaScript to log in here.",
        "connected": "You are connected", "continue": "Continue", "status": "Connection", "logout": "Log out",
        "refresh": "Refresh", "address": "Address", "time": "Connected for", "time_left": "Time left", "up": "Sent",
        "down": "Received", "left": "Data left", "ended": "You are logged out", "again": "Log in again",
        "wrong": "Something went wrong",
    },
    "fr": {
        "language": "Langue", "login": "Se connecter", "username": "Nom d'utilisateur ou bon", "password":
        "Mot de passe", "failed": "La connexion a échoué", "script":
        "Votre navigateur doit autoriser JavaScript pour se connecter ici.", "connected": "Vous êtes connecté",
        "continue": "Continuer", "status": "Connexion", "logout": "Se déconnecter", "refresh": "Actualiser",
        "address": "Adresse", "time": "Connecté depuis", "time_left": "Temps restant", "up": "Envoyé", "down": "Reçu",
        "left": "Données restantes", "ended": "Vous êtes déconnecté", "again": "Se reconnecter",
        "wrong": "Une erreur s'est produite",
    },
    "es": {
        "language": "Idioma", "login": "Entrar", "username": "Usuario o vale", "password": "Contraseña",
        "failed": "No se pudo iniciar la sesión", "script": "El navegador debe permitir JavaScript para entrar aquí.",
        "connected": "Está conectado", "continue": "Continuar", "status": "Conexión", "logout": "Salir",
        "refresh": "Actualizar", "address": "Dirección", "time": "Conectado desde hace", "time_left": "Tiempo restante",
        "up": "Enviado", "down": "Recibido", "left": "Datos restantes", "ended": "La sesión ha terminado",
        "again": "Entrar de nuevo", "wrong": "Algo ha fallado",
    },
    "sw": {
        "language": "Lugha", "login": "Ingia", "username": "Jina la mtumiaji au vocha", "password": "Nenosiri",
        "failed": "Imeshindikana kuingia", "script": "Kivinjari chako lazima kiruhusu JavaScript ili kuingia hapa.",
        "connected": "Umeunganishwa", "continue": "Endelea", "status": "Muunganisho", "logout": "Toka",
        "refresh": "Onyesha upya", "address": "Anwani", "time": "Umeunganishwa kwa", "time_left": "Muda uliobaki",
        "up": "Zilizotumwa", "down": "Zilizopokelewa", "left": "Data iliyobaki", "ended": "Umetoka",
        "again": "Ingia tena", "wrong": "Hitilafu imetokea",
    },
    "ar": {
        "language": "اللغة", "login": "تسجيل الدخول", "username": "اسم المستخدم أو القسيمة", "password": "كلمة المرور",
        "failed": "تعذّر تسجيل الدخول", "script": "يجب السماح بجافاسكربت في متصفحك لتسجيل الدخول هنا.",
        "connected": "أنت متصل", "continue": "متابعة", "status": "الاتصال", "logout": "تسجيل الخروج",
        "refresh": "تحديث", "address": "العنوان", "time": "مدة الاتصال", "time_left": "الوقت المتبقي",
        "up": "المُرسَل", "down": "المُستلَم", "left": "البيانات المتبقية", "ended": "تم تسجيل خروجك",
        "again": "تسجيل الدخول مجددًا", "wrong": "حدث خطأ ما",
    },
}  # fmt: skip
