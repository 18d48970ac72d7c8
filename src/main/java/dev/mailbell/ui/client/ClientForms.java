package dev.mailbell.ui.client;

import dev.mailbell.api.problem.FieldError;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Json;
import dev.mailbell.ui.page.Form;
import dev.mailbell.ui.page.Times;
import java.util.LinkedHashSet;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/** The forms of keys and portal links, as the JSON that the API reads. */
final class ClientForms {
    private ClientForms() {}

    static ObjectNode key(Form form) {
        ObjectNode json = named(form);
        form.text("expiresAt")
                .ifPresent(text ->
                        json.put(
                                "expiresAt", Times.parse(text).map(Object::toString).orElse(text)));
        return json;
    }

    static ObjectNode link(Form form) {
        ObjectNode json = named(form);
        form.text("expiresIn").ifPresent(text -> json.put("expiresIn", text));
        return json;
    }

    private static ObjectNode named(Form form) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        form.text("name").ifPresent(name -> json.put("name", name));
        new LinkedHashSet<>(form.values("scopes")).forEach(json.putArray("scopes")::add);
        return json;
    }

    /** The form as it was sent, with what is wrong with it. */
    static ClientView.FormView sent(Form form, String timeField, ProblemException fault) {
        return new ClientView.FormView(
                form.text("name").orElse(""),
                new LinkedHashSet<>(form.values("scopes")),
                form.text(timeField).orElse(""),
                sentence(fault));
    }

    static String sentence(ProblemException fault) {
        Object errors = fault.problem().extensions().get("errors");
        if (errors instanceof List<?> list && list.size() > 1) {
            StringBuilder text = new StringBuilder();
            for (Object error : list) {
                if (error instanceof FieldError field) {
                    text.append(text.isEmpty() ? "" : "; ")
                            .append(field.field())
                            .append(": ")
                            .append(field.message());
                }
            }
            return text.toString();
        }
        return fault.problem().detail();
    }
}
