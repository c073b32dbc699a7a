"""The patient's page in Spanish."""

from server.web.link_texts import flags

NAME = "Español"

_WHOLE = {
    "year": "Su revisión del año",
    "month": "Su revisión del mes",
    "week": "Su revisión de la semana",
    "day": "Su revisión del primer día",
}
_MORE = {"year": "los {} años", "month": "los {} meses", "week": "las {} semanas", "day": "los {} días"}


def check(days: int, months: int, years: int) -> str:
    """`Su revisión de los 3 meses`."""
    weeks, rest = divmod(days, 7)
    for count, unit in ((years, "year"), (months, "month"), (0 if rest else weeks, "week"), (days, "day")):
        if count:
            return _WHOLE[unit] if count == 1 else f"Su revisión de {_MORE[unit].format(count)}"
    return "Su cita de seguimiento"


WORDS = {
    "language": "Idioma",
    "hello": "Hola, {name}.",
    "this_is": "Somos {clinic}.",
    "time_arranged": "Ya tiene una hora concertada.",
    "was_planned": "Estaba prevista para esta fecha: {moment}.",
    "best_time": "Todavía no tiene hora. Lo mejor es venir entre el {first} y el {last}.",
    "passed": "El plazo previsto ya ha pasado, pero todavía merece la pena venir.",
    "calendar": "Añadir a su calendario",
    "can_come": "Puedo ir",
    "another_time": "Necesito otra hora",
    "say_times": "Decir cuándo me viene bien",
    "call_me": "Llámenme para concertarla",
    "cannot_come": "No puedo ir",
    "said_confirmed": "Nos ha dicho que puede venir. Le esperamos.",
    "said_asked": "Nos ha pedido que le llamemos. Le llamaremos.",
    "settled_title": "No tiene que hacer nada más",
    "settled": "No queda nada pendiente en este enlace. Gracias.",
    "call_us": "¿Alguna pregunta? Llámenos:",
    "contact_us": "¿Alguna pregunta? Póngase en contacto con la clínica.",
    "stop": "No recibir más avisos",
    "back": "Atrás",
    "problem": "Falta algo",
    "when_title": "¿Cuándo le viene bien?",
    "when": "Prefiero ir",
    "mornings": "por la mañana",
    "afternoons": "por la tarde",
    "any": "a cualquier hora",
    "note": "¿Algo que debamos saber? (opcional)",
    "note_hint": "Por ejemplo, los días en que no puede venir. Como máximo 200 caracteres. No escriba aquí nada sobre su salud.",
    "send": "Enviar",
    "error_when": "Elija un momento del día.",
    "error_note": "Acorte la nota a 200 caracteres y use letras y signos corrientes.",
    "error_answer": "Elija una de las respuestas.",
    "confirmed_title": "Gracias. Le esperamos.",
    "confirmed": "Si algo cambia, abra de nuevo este enlace o llámenos.",
    "asked_title": "Gracias. Le llamaremos.",
    "asked": "Alguien de la clínica le llamará para buscar una hora que le venga bien. No tiene que hacer nada más.",
    "declined_title": "Gracias por avisarnos.",
    "declined": "Alguien de la clínica le llamará para ver qué podemos hacer. No tiene que hacer nada más.",
    "change": "Cambiar",
    "stop_title": "¿Dejar de recibir todos los avisos?",
    "stop_text": "No recibirá más mensajes de {clinic} sobre sus citas. Lo que ya está concertado se mantiene.",
    "keep": "Seguir recibiéndolos",
    "stopped_title": "No recibirá más avisos",
    "stopped": "No recibirá más mensajes de {clinic}. Lo que ya está concertado se mantiene.",
    "stopped_undo": "Si no era lo que quería, puede volver a recibirlos.",
    "stopped_call": "Si quiere volver a recibirlos, llámenos.",
    "start_again": "Volver a recibirlos",
    "started_title": "Volverá a recibir avisos",
    "started": "Puede dejar de recibirlos cuando quiera.",
    "started_sms": "No recibirá mensajes de texto hasta que envíe START al número desde el que le llegaban.",
    "ended_title": "Este enlace ya no es válido",
    "ended": "Los enlaces caducan al cabo de un tiempo, o cuando enviamos uno más nuevo.",
    "ended_offer": "Podemos enviarle uno nuevo. Llegará al contacto que tenemos registrado.",
    "ended_call": "Llámenos, por favor.",
    "new_link": "Enviarme un enlace nuevo",
    "sent_title": "El enlace nuevo está en camino",
    "sent": "Llegará al contacto que tenemos registrado en unos minutos. Este enlace antiguo ya no es válido.",
    "cannot_send_title": "No podemos enviar un enlace nuevo",
    "cannot_send": "Llámenos, por favor; le ayudaremos con mucho gusto.",
    "unknown_title": "Este enlace no lleva a ninguna parte",
    "unknown": "Quizá le falta una parte. Abra de nuevo el enlace del mensaje o cópielo entero. También puede llamar a su clínica.",
    "trouble_title": "No ha funcionado",
    "trouble": "No se ha guardado nada. Vuelva atrás e inténtelo de nuevo, o llame a su clínica.",
    "question_title": "Dos breves preguntas",
    "question_of": "Pregunta {number} de {count}",
    "intro": "Tenemos dos breves preguntas para saber cómo está.",
    "only_team": "Solo ven sus respuestas las personas que le atienden en la clínica.",
    "yes": "Sí",
    "no": "No",
    "not_sure": "No estoy seguro o segura",
    "continue": "Continuar",
    "urgent_title": "Llámenos ahora, por favor",
    "urgent": "Hemos anotado su respuesta. No espere a que le llamemos nosotros.",
    "urgent_call": "Llamar al {phone}",
    "urgent_contact": "Póngase en contacto con la clínica ahora, por favor.",
    "emergency": "Si tiene problemas para ver, o se encuentra muy mal, llame ahora al número de emergencias: {number}.",
    "answered_title": "Gracias. Hemos recibido sus respuestas.",
    "answered": "Le llamaremos si queremos verle. Si algo empeora o le preocupa, no espere: llámenos.",
    "answer_again": "Responder de nuevo",
    "event": "Cita en {clinic}",
    "event_phone": "¿Alguna pregunta? Llame al {phone}",
    **flags.SPANISH,
}
