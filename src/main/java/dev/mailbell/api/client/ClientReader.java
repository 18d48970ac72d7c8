package dev.mailbell.api.client;

import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.Json;
import dev.mailbell.client.Client;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Reads and validates the JSON of a client. */
final class ClientReader {
    private static final int MAX_NAME_LENGTH = 100;
    private static final long MAX_ACCOUNTS = 10_000_000;
    private static final long MAX_OTHERS = 1_000_000;

    private ClientReader() {}

    record Draft(String name, Client.Limits limits) {}

    /**
     * @throws dev.mailbell.api.problem.ProblemException 400 with every error
     */
    static Draft read(ObjectNode json) {
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(json, errors);
        String name = fields.requiredLine("name", MAX_NAME_LENGTH);
        Optional<Fields> limits = fields.object("limits");
        Client.Limits read = limits.map(ClientReader::limits).orElse(Client.Limits.AS_CONFIGURED);
        fields.rejectUnknown();
        errors.throwIfAny();
        return new Draft(name, read);
    }

    private static Client.Limits limits(Fields fields) {
        Client.Limits limits =
                new Client.Limits(
                        number(fields, "accounts", MAX_ACCOUNTS),
                        number(fields, "webhooks", MAX_OTHERS),
                        number(fields, "requestsPerSecond", MAX_OTHERS));
        fields.rejectUnknown();
        return limits;
    }

    private static @Nullable Integer number(Fields fields, String name, long max) {
        return fields.integer(name, 1, max).map(Math::toIntExact).orElse(null);
    }

    /** The target of a merge patch. */
    static ObjectNode document(Client client) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("name", client.name());
        json.set("limits", Json.MAPPER.valueToTree(client.limits()));
        return json;
    }
}
