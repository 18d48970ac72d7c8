package dev.mailbell.api.client;

import dev.mailbell.api.account.bulk.AccountTransfer;
import dev.mailbell.api.http.RequestDeadline;
import dev.mailbell.api.http.Responses;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.JsonLines;
import dev.mailbell.api.request.Query;
import dev.mailbell.api.webhook.WebhookTransfer;
import dev.mailbell.client.ClientStore;
import dev.mailbell.client.Scope;
import dev.mailbell.network.Deadline;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/**
 * The route that adds the accounts and webhooks of an export to a client. The body is read and
 * written in pieces, each in a transaction. An import that was cut off is repeated from its first
 * line: what is there already is skipped.
 */
public final class ImportRoute {
    /** A line with a million known messages fits. */
    private static final int MAX_LINE = 20 * 1024 * 1024;

    private static final long MAX_BYTES = 8L * 1024 * 1024 * 1024;
    private static final Duration TIME = Duration.ofHours(2);

    /** Imports at once: each holds some megabytes. */
    private static final int AT_ONCE = 2;

    /** How long the rest of a body is read after the import or a line was refused. */
    private static final Duration READ_ON = Duration.ofSeconds(10);

    private static final Duration BUSY = Duration.ofSeconds(10);

    private final ClientStore clients;
    private final AccountTransfer accounts;
    private final WebhookTransfer webhooks;
    private final Semaphore places = new Semaphore(AT_ONCE);
    private final Set<UUID> running = ConcurrentHashMap.newKeySet();

    public ImportRoute(ClientStore clients, AccountTransfer accounts, WebhookTransfer webhooks) {
        this.clients = clients;
        this.accounts = accounts;
        this.webhooks = webhooks;
    }

    public void addTo(Routes routes) {
        routes.post("/v1/clients/{id}/import", Scope.ADMIN, this::run);
    }

    private void run(Context context) {
        try (InputStream in = context.req().getInputStream()) {
            JsonLines lines = new JsonLines(in, MAX_LINE, MAX_BYTES, Deadline.after(TIME));
            try {
                run(context, lines);
            } catch (ProblemException refused) {
                // A client that waits for "100 Continue" has sent nothing yet.
                if (lines.bytes() > 0 || context.header("Expect") == null) {
                    lines.skipRest(READ_ON);
                }
                throw refused;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the request's body did not arrive", e);
        }
    }

    private void run(Context context, JsonLines lines) {
        Query query = Query.of(context);
        boolean resume =
                query.read("resume", ImportRoute::bool, "must be true or false").orElse(false);
        query.validate();
        Body.requireMediaType(context, ExportRoute.NDJSON);
        UUID id = ExportRoute.client(clients, context);
        if (!running.add(id)) {
            throw new ProblemException(
                    Problem.conflict("import-running", "an import into this client is under way")
                            .retryAfter(BUSY));
        }
        try {
            if (!places.tryAcquire()) {
                throw new ProblemException(
                        Problem.unavailable("other imports are under way").retryAfter(BUSY));
            }
            try {
                RequestDeadline.lift(context);
                Responses.ok(
                        context, new ImportRun(clients, id, resume, accounts, webhooks).run(lines));
            } finally {
                places.release();
            }
        } finally {
            running.remove(id);
        }
    }

    private static Optional<Boolean> bool(String text) {
        return text.equals("true") || text.equals("false")
                ? Optional.of(text.equals("true"))
                : Optional.empty();
    }
}
