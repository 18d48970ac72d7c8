package dev.mailbell.cli.api;

import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** Finds clients by their names. */
public final class Clients {
    private static final Pattern ID =
            Pattern.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

    private final Api api;

    public Clients(Api api) {
        this.api = api;
    }

    /** Whether a text is an id of the API, a UUID. */
    public static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    /** The id of the client with an id or a name. */
    public String idOf(String idOrName) {
        if (isId(idOrName)) {
            return idOrName;
        }
        AtomicReference<String> id = new AtomicReference<>("");
        api.items(
                "/v1/clients",
                new Parameters(),
                0,
                client -> {
                    if (name(client).equals(idOrName)) {
                        id.set(Documents.text(client, "id"));
                    }
                    return id.get().isEmpty();
                });
        if (id.get().isEmpty()) {
            throw new ApiFailure(
                    ExitCodes.NOT_FOUND, "there is no client with this id or name: " + idOrName);
        }
        return id.get();
    }

    private static String name(JsonNode client) {
        return Documents.text(client, "name");
    }
}
