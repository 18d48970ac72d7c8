package dev.mailbell.api.webhook;

import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.TextRules;
import dev.mailbell.webhook.WebhookHeaders;
import dev.mailbell.webhook.WebhookUrl;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Reads the headers that a client adds to a webhook: an object of names and values. */
final class HeadersReader {
    private static final String FIELD = "headers";

    /** More than the longest valid ones, so that a body of 1 MiB is not looked through. */
    private static final int MAX_NAMES = 4 * WebhookHeaders.MAX_COUNT;

    private HeadersReader() {}

    /**
     * A merge patch of the headers.
     *
     * @param all whether all that are not given are removed
     * @param given names and new values
     * @param removed names, as the patch has them
     */
    record Change(boolean all, Map<String, String> given, Set<String> removed) {
        static final Change NOTHING = new Change(false, Map.of(), Set.of());

        Change {
            given = Map.copyOf(given);
            removed = Set.copyOf(removed);
        }

        boolean isNothing() {
            return !all && given.isEmpty() && removed.isEmpty();
        }

        WebhookHeaders applyTo(WebhookHeaders before) {
            return all ? WebhookHeaders.of(given) : before.with(given, removed);
        }
    }

    /**
     * Reads the headers of a new webhook, or a merge patch of those of one that exists.
     *
     * @param json its member {@code headers} is read; absent for no change
     * @param patch whether null removes: all of them, or one
     */
    static Change read(ObjectNode json, boolean patch, FieldErrors errors) {
        JsonNode node = json.get(FIELD);
        if (node == null) {
            return Change.NOTHING;
        }
        return node.isNull() ? new Change(patch, Map.of(), Set.of()) : read(node, patch, errors);
    }

    private static Change read(JsonNode node, boolean nulls, FieldErrors errors) {
        Map<String, String> given = new LinkedHashMap<>();
        Set<String> removed = new HashSet<>();
        if (!(node instanceof ObjectNode object)) {
            errors.add(FIELD, "must be an object of strings");
            return Change.NOTHING;
        }
        if (object.size() > MAX_NAMES) {
            errors.add(FIELD, "must have at most " + WebhookHeaders.MAX_COUNT + " headers");
            return Change.NOTHING;
        }
        Set<String> seen = new HashSet<>();
        object.properties()
                .forEach(entry -> {
                    String name = entry.getKey();
                    JsonNode value = entry.getValue();
                    String path = FIELD + "." + TextRules.shown(name);
                    Optional<String> fault = WebhookHeaders.nameFault(name);
                    if (fault.isPresent()) {
                        errors.add(path, fault.get());
                    } else if (!seen.add(name.toLowerCase(Locale.ROOT))) {
                        errors.add(path, "is there twice: upper and lower case are the same");
                    } else if (nulls && value.isNull()) {
                        removed.add(name);
                    } else if (!value.isString()) {
                        errors.add(path, "must be a string");
                    } else {
                        WebhookHeaders.valueFault(value.stringValue())
                                .ifPresentOrElse(
                                        message -> errors.add(path, message),
                                        () -> given.put(name, value.stringValue()));
                    }
                });
        return new Change(false, given, removed);
    }

    /**
     * The values of headers are secrets: a patch that sends them elsewhere gives them again.
     * Otherwise a key that may change webhooks could read them at a receiver of its own.
     *
     * @throws ProblemException 422 that names each header to give again
     */
    static void requireGivenAgain(
            String urlBefore, String urlAfter, WebhookHeaders after, Change change) {
        if (after.isEmpty() || origin(urlBefore).equals(origin(urlAfter))) {
            return;
        }
        Set<String> missing = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        missing.addAll(after.names());
        // Not removeAll, which may compare by the other collection's rules.
        change.given().keySet().forEach(missing::remove);
        if (missing.isEmpty()) {
            return;
        }
        String reason = "must be given again, because the patch changes the receiver";
        List<String> fields = missing.stream().map(name -> FIELD + "." + name).toList();
        FieldErrors errors = new FieldErrors();
        fields.forEach(field -> errors.add(field, reason));
        throw new ProblemException(
                Problem.refused("secret-required", String.join(" and ", fields) + " " + reason)
                        .with("errors", errors.all()));
    }

    /** Scheme, host and port. */
    private static String origin(String url) {
        return WebhookUrl.parse(url).toString();
    }
}
