package dev.mailbell.cli.emailengine;

import static dev.mailbell.cli.emailengine.ExportJson.text;

import dev.mailbell.cli.emailengine.Converted.Carried;
import dev.mailbell.cli.terminal.Printable;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Registers accounts at a running daemon, some hundred in a request. A request whose answer is lost
 * is repeated under the same key, so it adds nothing twice; an account whose {@code ref} is there
 * was added by an earlier run.
 */
public final class AccountUpload implements Destination {
    private static final int MOST_ACCOUNTS = 200;

    /** Half of what the API takes. */
    private static final int MOST_BYTES = 512 * 1024;

    private static final int ATTEMPTS = 10;
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration ANSWER = Duration.ofSeconds(90);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(CONNECT).build();
    private final URI api;
    private final String key;
    private final @Nullable String client;
    private final Answers answers;
    private final List<Carried> piece = new ArrayList<>();
    private int pieceBytes;

    /**
     * @param client for the operator's key, the client that the accounts are for; null for the
     *     key's own
     */
    public AccountUpload(URI api, String key, @Nullable String client, Answers answers) {
        this.api = api;
        this.key = key;
        this.client = client;
        this.answers = answers;
    }

    @Override
    public void add(Carried account) {
        int bytes = ExportJson.MAPPER.writeValueAsBytes(account.registration()).length + 1;
        if (piece.size() == MOST_ACCOUNTS || pieceBytes + bytes > MOST_BYTES) {
            finish();
        }
        piece.add(account);
        pieceBytes += bytes;
    }

    @Override
    public void finish() {
        if (!piece.isEmpty()) {
            report(answer(List.copyOf(piece)), List.copyOf(piece));
            piece.clear();
            pieceBytes = 0;
        }
    }

    private JsonNode answer(List<Carried> accounts) {
        ObjectNode body = ExportJson.MAPPER.createObjectNode();
        ArrayNode list = body.putArray("accounts");
        accounts.forEach(account -> list.add(account.registration()));
        HttpRequest request = request(ExportJson.MAPPER.writeValueAsBytes(body));
        String last = "";
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            Duration wait = Duration.ofSeconds(attempt);
            try {
                HttpResponse<String> response = http.send(request, BodyHandlers.ofString());
                int status = response.statusCode();
                if (status == 200) {
                    return parsed(response.body());
                }
                last = "it answered " + status + problem(response.body());
                if (!isPassing(status, response.body())) {
                    break;
                }
                wait =
                        response.headers()
                                .firstValue("Retry-After")
                                .map(AccountUpload::wait)
                                .orElse(wait);
            } catch (IOException e) {
                last = "it cannot be reached (" + e.getClass().getSimpleName() + ")";
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ExportFaultException("it was interrupted", e);
            }
            if (attempt < ATTEMPTS) {
                pause(wait);
            }
        }
        throw new ExportFaultException(
                api
                        + " does not take the accounts: "
                        + last
                        + ". Run it again: what is there stays",
                null);
    }

    /**
     * Whether the same request may succeed a little later. A proxy says 502 and 504 while the
     * daemon behind it is restarted. A request that was given up may still be under way.
     */
    private static boolean isPassing(int status, String body) {
        return switch (status) {
            case 429, 502, 503, 504 -> true;
            case 409 -> body.contains("urn:mailbell:problem:idempotency-busy");
            default -> false;
        };
    }

    /** Below the path of the API, if it has one: something else may be at the root. */
    private URI batches() {
        String base = api.toString();
        return URI.create((base.endsWith("/") ? base : base + "/") + "v1/accounts/batch");
    }

    private HttpRequest request(byte[] body) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(batches())
                        .timeout(ANSWER)
                        .header("Authorization", "Bearer " + key)
                        .header("Content-Type", "application/json")
                        .header("Idempotency-Key", UUID.randomUUID().toString())
                        .POST(BodyPublishers.ofByteArray(body));
        if (client != null) {
            request.header("Mailbell-Client", client);
        }
        return request.build();
    }

    private static JsonNode parsed(String body) {
        try {
            return ExportJson.MAPPER.readTree(body);
        } catch (JacksonException e) {
            throw new ExportFaultException("its answer is no JSON: is this Mailbell's API?", e);
        }
    }

    private static String problem(String body) {
        try {
            JsonNode problem = ExportJson.MAPPER.readTree(body);
            return problem.path("detail").isString() ? ", " + reason(problem) : "";
        } catch (JacksonException e) {
            return "";
        }
    }

    private static String reason(JsonNode problem) {
        List<String> faults = new ArrayList<>();
        problem.path("errors")
                .forEach(fault -> faults.add(text(fault, "field") + " " + text(fault, "message")));
        return Printable.of(
                faults.isEmpty()
                        ? text(problem, "detail")
                        : faults.stream().collect(Collectors.joining("; ")));
    }

    private static Duration wait(String seconds) {
        try {
            Duration given = Duration.ofSeconds(Long.parseLong(seconds.strip()));
            return given.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : given;
        } catch (NumberFormatException aDate) {
            return LONGEST_WAIT;
        }
    }

    private static void pause(Duration wait) {
        try {
            Thread.sleep(wait);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ExportFaultException("it was interrupted", e);
        }
    }

    private void report(JsonNode answer, List<Carried> accounts) {
        JsonNode results = answer.path("results");
        if (results.size() != accounts.size()) {
            throw new ExportFaultException(
                    "the answer has results of "
                            + results.size()
                            + " accounts, not "
                            + accounts.size(),
                    null);
        }
        for (int i = 0; i < accounts.size(); i++) {
            JsonNode problem = results.get(i).path("problem");
            if (problem.isMissingNode()) {
                answers.added(accounts.get(i));
            } else if (text(problem, "type").endsWith(":ref-taken")) {
                answers.present(accounts.get(i));
            } else {
                answers.refused(accounts.get(i), reason(problem));
            }
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
        http.close();
    }
}
