package dev.mailbell.e2e;

import dev.mailbell.api.Contract;
import dev.mailbell.e2e.FuzzContract.Operation;
import dev.mailbell.e2e.FuzzRequests.Kind;
import dev.mailbell.e2e.FuzzRequests.Request;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Checks the answers to made requests, counts them, and keeps the ids that they show. */
final class FuzzAnswers {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String PROBLEM = "application/problem+json";

    /** What an error never shows: traces, names of classes, statements. */
    private static final Pattern INTERNALS =
            Pattern.compile(
                    "Exception|\\tat |org\\.eclipse|io\\.javalin|dev\\.mailbell|jackson|jdbi|PSQL"
                            + "|java\\.(lang|util|io)|(?i:select .* from|insert into|update .* set )");

    /** What the HTTP server refuses on its own. */
    private static final Set<Integer> REFUSED_HTTP = Set.of(400, 404, 405, 413, 414, 417, 431);

    private static final List<String> LISTS =
            List.of("/v1/accounts", "/v1/webhooks", "/v1/events", "/v1/clients", "/v1/oauth-apps");

    private final FuzzIds ids;
    private final String key;
    private final List<String> failures = new ArrayList<>();
    private final Map<Integer, Integer> statuses = new TreeMap<>();

    FuzzAnswers(FuzzIds ids, String key) {
        this.ids = ids;
        this.key = key;
    }

    synchronized void fail(Request request, String what) {
        if (failures.size() < 20) {
            failures.add(what + "\n    " + request);
        }
    }

    synchronized List<String> failures() {
        return List.copyOf(failures);
    }

    synchronized String summary() {
        return statuses.toString();
    }

    /** The share of answers with a status of this range. */
    synchronized double share(int from, int to) {
        long all = statuses.values().stream().mapToLong(it -> it).sum();
        return statuses.entrySet().stream()
                        .filter(it -> it.getKey() >= from && it.getKey() < to)
                        .mapToLong(Map.Entry::getValue)
                        .sum()
                / (double) all;
    }

    void check(Request request, Optional<RawHttp.Answer> given) {
        if (given.isEmpty()) {
            if (request.kind() != Kind.BROKEN) {
                fail(request, "the connection was closed without an answer");
            }
            return;
        }
        RawHttp.Answer answer = given.get();
        synchronized (this) {
            statuses.merge(answer.status(), 1, Integer::sum);
        }
        fault(request, answer).ifPresent(fault -> fail(request, fault + "\n    " + shown(answer)));
        if (answer.status() < 300
                && answer.header("content-type").orElse("").equals("application/json")
                && !answer.body().isEmpty()) {
            keepIds(request.operation(), JSON.readTree(answer.body()));
        }
        if (answer.status() == 204) {
            ids.remove(request.lastOfPath());
        }
    }

    private static String shown(RawHttp.Answer answer) {
        String text = answer.toString();
        return text.length() > 1_500 ? text.substring(0, 1_500) + "…" : text;
    }

    private Optional<String> fault(Request request, RawHttp.Answer answer) {
        int status = answer.status();
        if (!isAllowed(request, status)) {
            return Optional.of("answered " + status);
        }
        if (!answer.header("x-content-type-options").orElse("").equals("nosniff")
                || answer.headers().containsKey("server")
                || answer.headers().keySet().stream()
                        .anyMatch(it -> it.startsWith("access-control"))) {
            return Optional.of("has other headers than every answer has");
        }
        if (answer.body().contains(key)) {
            return Optional.of("shows the key");
        }
        if (request.method().equals("HEAD")) {
            return Optional.empty();
        }
        if (status >= 400 && INTERNALS.matcher(answer.body()).find()) {
            return Optional.of("shows internals");
        }
        String type = answer.header("content-type").orElse("");
        if (request.operation().template().startsWith("/oauth/") && type.startsWith("text/html")) {
            // A page for the owner of a mailbox, also for a link that is not valid.
            return Optional.empty();
        }
        if (status >= 400) {
            return problemFault(answer);
        }
        if (type.equals("application/x-ndjson") && answer.body().isEmpty()) {
            // No line is an answer, too; the validator wants a body.
            return Optional.empty();
        }
        if (request.kind() == Kind.DOCUMENTED || request.kind() == Kind.LIMITED) {
            return documentedFault(request, answer);
        }
        return Optional.empty();
    }

    private static boolean isAllowed(Request request, int status) {
        boolean documented = request.operation().statuses().contains(status) && status != 500;
        return switch (request.kind()) {
            case DOCUMENTED -> documented;
            case LIMITED -> documented || REFUSED_HTTP.contains(status);
            case ANYWHERE -> status < 500 || status == 503;
            // A version or a transfer coding that no server of HTTP/1.1 has (RFC 9110, RFC 9112).
            case BROKEN -> status < 500 || status == 501 || status == 505;
        };
    }

    private static Optional<String> problemFault(RawHttp.Answer answer) {
        if (!answer.header("content-type").orElse("").equals(PROBLEM)) {
            return Optional.of("is no problem document");
        }
        try {
            if (JSON.readTree(answer.body()).path("status").asInt(0) != answer.status()) {
                return Optional.of("has another status in its body");
            }
        } catch (JacksonException e) {
            return Optional.of("is no JSON: " + e.getOriginalMessage());
        }
        // Any operation with this answer has the schema of problems.
        return faults("GET", "/healthz", 400, answer);
    }

    private static Optional<String> documentedFault(Request request, RawHttp.Answer answer) {
        Operation operation = request.operation();
        return faults(operation.method(), operation.somePath(), answer.status(), answer);
    }

    private static Optional<String> faults(
            String method, String path, int status, RawHttp.Answer answer) {
        Map<String, List<String>> headers = new HashMap<>(answer.headers());
        List<String> faults = Contract.faults(method, path, status, answer.body(), headers);
        return faults.isEmpty()
                ? Optional.empty()
                : Optional.of(faults.stream().collect(Collectors.joining("; ")));
    }

    private void keepIds(Operation operation, JsonNode body) {
        String list =
                operation.template().contains("/deliveries")
                        ? "/v1/deliveries"
                        : LISTS.stream()
                                .filter(operation.template()::startsWith)
                                .findFirst()
                                .orElse("other");
        keepId(list, body);
        body.path("items").forEach(item -> keepId(list, item));
        body.path("results").forEach(result -> keepId(list, result.path("account")));
    }

    private void keepId(String list, JsonNode item) {
        // Everything else belongs to the client "default", which is to stay.
        if (item.path("id").isString() && !item.path("name").asString("").equals("default")) {
            ids.add(list, item.path("id").stringValue());
        }
    }
}
