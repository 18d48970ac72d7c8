package dev.mailbell.api.client;

import dev.mailbell.api.http.Principal;
import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.DurationFormat;
import dev.mailbell.api.request.Fields;
import dev.mailbell.api.request.TextRules;
import dev.mailbell.client.Scope;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Reads and validates the JSON of a portal link. */
final class PortalLinkReader {
    static final Duration DEFAULT_LIFE = Duration.ofHours(1);
    static final Duration SHORTEST = Duration.ofMinutes(1);
    static final Duration LONGEST = Duration.ofHours(24);

    private static final int MAX_NAME_LENGTH = 100;
    private static final int MAX_SCOPES = 32;
    private static final String READ = "read";

    /** A link makes no further links. */
    private static final Map<String, Set<Scope>> GRANTABLE =
            Scope.grantable().entrySet().stream()
                    .filter(entry -> !entry.getValue().contains(Scope.PORTAL_WRITE))
                    .collect(
                            Collectors.toMap(
                                    Map.Entry::getKey,
                                    Map.Entry::getValue,
                                    (one, other) -> one,
                                    LinkedHashMap::new));

    private PortalLinkReader() {}

    /** The names of what links of this maker may be given. */
    static List<String> grantable(Principal maker) {
        return GRANTABLE.entrySet().stream()
                .filter(entry -> maker.scopes().containsAll(entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
    }

    record Draft(@Nullable String name, Set<Scope> scopes, Duration life) {}

    /**
     * @param maker may grant what it may do itself
     * @throws ProblemException 400 with every error; 403 for a scope that the maker lacks
     */
    static Draft read(ObjectNode json, Principal maker) {
        FieldErrors errors = new FieldErrors();
        Fields fields = Fields.of(json, errors);
        String name = fields.line("name", MAX_NAME_LENGTH).orElse(null);
        boolean given = fields.has("scopes");
        Set<Scope> scopes = scopes(fields);
        Duration life = fields.duration("expiresIn").orElse(DEFAULT_LIFE);
        if (life.compareTo(SHORTEST) < 0 || life.compareTo(LONGEST) > 0) {
            fields.error(
                    "expiresIn",
                    "must be from "
                            + DurationFormat.seconds(SHORTEST)
                            + " to "
                            + DurationFormat.seconds(LONGEST));
        }
        fields.rejectUnknown();
        errors.throwIfAny();
        return new Draft(name, given ? granted(scopes, maker) : readable(maker), life);
    }

    private static Set<Scope> scopes(Fields fields) {
        List<String> names = fields.lines("scopes", 1, MAX_SCOPES, 100).orElse(List.of());
        Set<Scope> scopes = EnumSet.noneOf(Scope.class);
        for (String name : names) {
            Set<Scope> named = GRANTABLE.get(name);
            if (named == null) {
                fields.error(
                        "scopes",
                        "\""
                                + TextRules.shown(name)
                                + "\" is not a scope of portal links; there are "
                                + String.join(", ", GRANTABLE.keySet()));
            } else {
                scopes.addAll(named);
            }
        }
        return scopes;
    }

    private static Set<Scope> granted(Set<Scope> scopes, Principal maker) {
        for (Scope scope : scopes) {
            if (!maker.may(scope)) {
                throw new ProblemException(Problem.missingScope(scope.wireName()));
            }
        }
        return scopes;
    }

    /** What the maker may read itself. */
    private static Set<Scope> readable(Principal maker) {
        Set<Scope> scopes =
                Scope.grantable().getOrDefault(READ, Set.of()).stream()
                        .filter(maker::may)
                        .collect(Collectors.toCollection(() -> EnumSet.noneOf(Scope.class)));
        if (scopes.isEmpty()) {
            throw new ProblemException(
                    Problem.invalid("scopes", "is required: this key may not read anything"));
        }
        return scopes;
    }
}
