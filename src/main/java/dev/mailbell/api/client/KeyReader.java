package dev.mailbell.api.client;

import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.TextRules;
import dev.mailbell.client.Scope;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Reads and validates the JSON of a key. */
final class KeyReader {
    private static final int MAX_NAME_LENGTH = 100;
    private static final int MAX_SCOPES = 32;
    private static final Map<String, Set<Scope>> GRANTABLE = Scope.grantable();

    private KeyReader() {}

    record Draft(String name, Set<Scope> scopes, @Nullable Instant expiresAt) {}

    /**
     * @throws dev.mailbell.api.problem.ProblemException 400 with every error
     */
    static Draft read(ObjectNode json, Instant now) {
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(json, errors);
        String name = fields.requiredLine("name", MAX_NAME_LENGTH);
        Set<Scope> scopes = scopes(fields);
        Instant expiresAt = expiry(fields, now).orElse(null);
        fields.rejectUnknown();
        errors.throwIfAny();
        return new Draft(name, scopes, expiresAt);
    }

    /**
     * Reads the body of a rotation.
     *
     * @return the new expiry; null when the body gives none and the present one stays
     * @throws dev.mailbell.api.problem.ProblemException 400 with every error
     */
    static @Nullable Instant readRotation(ObjectNode json, Instant now) {
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(json, errors);
        Instant expiresAt = expiry(fields, now).orElse(null);
        fields.rejectUnknown();
        errors.throwIfAny();
        return expiresAt;
    }

    private static Set<Scope> scopes(Fields fields) {
        fields.require("scopes");
        List<String> names = fields.lines("scopes", 1, MAX_SCOPES, 100).orElse(List.of());
        Set<Scope> scopes = EnumSet.noneOf(Scope.class);
        for (String name : names) {
            Set<Scope> granted = GRANTABLE.get(name);
            if (granted == null) {
                fields.error(
                        "scopes",
                        "\""
                                + TextRules.shown(name)
                                + "\" is not a scope of clients' keys; there are "
                                + String.join(", ", GRANTABLE.keySet()));
            } else {
                scopes.addAll(granted);
            }
        }
        return scopes;
    }

    private static Optional<Instant> expiry(Fields fields, Instant now) {
        Optional<Instant> expiresAt = fields.instant("expiresAt");
        if (expiresAt.isPresent() && !expiresAt.get().isAfter(now)) {
            fields.error("expiresAt", "must be in the future");
        }
        return expiresAt;
    }
}
