package dev.mailbell.cli.account;

import dev.mailbell.cli.api.Api;
import dev.mailbell.cli.api.ApiFailure;
import dev.mailbell.cli.api.Clients;
import dev.mailbell.cli.api.Documents;
import dev.mailbell.cli.api.ExitCodes;
import dev.mailbell.cli.api.Parameters;
import dev.mailbell.cli.terminal.Table;
import dev.mailbell.cli.terminal.Terminal.Colour;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** Accounts as the API has them. */
final class Accounts {
    static final String PATH = "/v1/accounts";

    private Accounts() {}

    /** The account with an id or a ref. */
    static JsonNode find(Api api, String idOrRef) {
        if (Clients.isId(idOrRef)) {
            try {
                return api.get(Parameters.path(PATH, idOrRef));
            } catch (ApiFailure e) {
                if (e.exitCode() != ExitCodes.NOT_FOUND) {
                    throw e;
                }
            }
        }
        return ofRef(api, idOrRef)
                .orElseThrow(() ->
                        new ApiFailure(
                                ExitCodes.NOT_FOUND,
                                "there is no account with this id or ref: " + idOrRef));
    }

    static String idOf(Api api, String idOrRef) {
        return Documents.text(find(api, idOrRef), "id");
    }

    /** The account with a ref. */
    static Optional<JsonNode> ofRef(Api api, String ref) {
        JsonNode items = api.get(PATH + new Parameters().with("ref", ref)).path("items");
        return items.isEmpty() ? Optional.empty() : Optional.of(items.path(0));
    }

    static Table.Cell state(JsonNode account) {
        String state = Documents.text(account, "state");
        String code = Documents.text(account, "failure", "code");
        return new Table.Cell(code.isEmpty() ? state : state + " " + code, colour(state));
    }

    private static @Nullable Colour colour(String state) {
        return switch (state) {
            case "watching" -> Colour.GOOD;
            case "connecting", "retrying" -> Colour.WAITING;
            case "parked" -> Colour.BAD;
            case "paused" -> Colour.FAINT;
            default -> null;
        };
    }
}
