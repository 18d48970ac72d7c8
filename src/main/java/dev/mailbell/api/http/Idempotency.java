package dev.mailbell.api.http;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.api.request.Body;
import dev.mailbell.api.request.Json;
import dev.mailbell.api.request.Query;
import dev.mailbell.secret.Keyring;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import tools.jackson.databind.node.ObjectNode;

/**
 * Creates a resource once for each {@code Idempotency-Key} of a client. The resource and the answer
 * are committed together, so a crash leaves both or neither. Of two concurrent requests with one
 * key, the second waits for the first and repeats its answer.
 */
public final class Idempotency {
    private static final Duration RETENTION = Duration.ofHours(24);
    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7e]{1,255}");
    private static final String LOCK_NOT_AVAILABLE = "55P03";

    private final Jdbi jdbi;
    private final Keyring keyring;
    private final InstantSource clock;
    private final AnswerQuota quota;

    public Idempotency(Jdbi jdbi, Keyring keyring, InstantSource clock) {
        this.jdbi = jdbi;
        this.keyring = keyring;
        this.clock = clock;
        this.quota = new AnswerQuota(jdbi);
    }

    /** The creation of a resource by a valid request. */
    public interface Creation {
        /** Writes to the database; inside a transaction when the request has a key. */
        Result create();

        /** Runs after the commit. */
        void committed();
    }

    /** An answer as it is stored for repetition. */
    @SuppressWarnings("ArrayRecordComponent") // bytes for the wire, never compared
    public record Result(int status, byte[] body, @Nullable String location) {
        public static Result of(Problem problem) {
            return new Result(problem.status(), Json.bytes(problem.document()), null);
        }
    }

    @SuppressWarnings("ArrayRecordComponent")
    private record Request(UUID clientId, String key, byte[] hash) {
        String boundTo() {
            return "idempotency/" + clientId + "/" + key;
        }
    }

    private record Outcome(Result result, boolean replayed) {}

    /**
     * Answers a request without query parameters that creates a resource from a JSON object.
     *
     * @param prepare as for {@link #answer}, of the principal's client and the object
     */
    public void create(Context context, BiFunction<UUID, ObjectNode, Creation> prepare) {
        Query.of(context).validate();
        byte[] body = Body.bytes(context);
        UUID clientId = AccessFilter.principal(context).clientId();
        answer(context, body, () -> prepare.apply(clientId, Json.object(body)));
    }

    /**
     * Answers a request that creates a resource.
     *
     * @param prepare validates the request, outside of any transaction; an exception is answered
     *     and not stored, so that a corrected request may use the same key
     */
    public void answer(Context context, byte[] body, Supplier<Creation> prepare) {
        String key = context.header("Idempotency-Key");
        if (key == null) {
            Creation creation = prepare.get();
            RequestDeadline.beginWrite(context);
            Result result = creation.create();
            creation.committed();
            write(context, result);
            return;
        }
        if (!KEY.matcher(key).matches()) {
            throw new ProblemException(
                    Problem.invalid(
                            "Idempotency-Key", "must have 1 to 255 visible ASCII characters"));
        }
        Request request =
                new Request(AccessFilter.principal(context).clientId(), key, hash(context, body));
        Optional<Result> stored = jdbi.withHandle(handle -> find(handle, request));
        if (stored.isPresent()) {
            replay(context, stored.get());
            return;
        }
        quota.require(request.clientId());
        Creation creation = prepare.get();
        RequestDeadline.beginWrite(context);
        Outcome outcome = createOnce(request, creation);
        if (outcome.replayed()) {
            replay(context, outcome.result());
            return;
        }
        quota.added(request.clientId(), outcome.result().body().length);
        creation.committed();
        write(context, outcome.result());
    }

    private Outcome createOnce(Request request, Creation creation) {
        return jdbi.inTransaction(handle -> {
            handle.execute("set local lock_timeout = '10s'");
            if (!claimOrRefuse(handle, request)) {
                return new Outcome(find(handle, request).orElseThrow(), true);
            }
            Result result = creation.create();
            store(handle, request, result);
            return new Outcome(result, false);
        });
    }

    private boolean claimOrRefuse(Handle handle, Request request) {
        try {
            return claim(handle, request);
        } catch (UnableToExecuteStatementException e) {
            if (e.getCause() instanceof PSQLException cause
                    && LOCK_NOT_AVAILABLE.equals(cause.getSQLState())) {
                throw new ProblemException(
                        Problem.conflict(
                                        "idempotency-busy",
                                        "a request with this Idempotency-Key is under way; try"
                                                + " again in a moment")
                                .retryAfter(Duration.ofSeconds(5)));
            }
            throw e;
        }
    }

    /** Waits while another request with this key runs; false when that one has committed. */
    private boolean claim(Handle handle, Request request) {
        Instant now = clock.instant();
        return handle.createUpdate(
                                """
                                insert into idempotency (client_id, key, request_hash, created_at)
                                values (:client, :key, :hash, :now)
                                on conflict (client_id, key) do update
                                    set request_hash = excluded.request_hash, created_at = excluded.created_at
                                    where idempotency.created_at < :oldest\
                                """)
                        .bind("client", request.clientId())
                        .bind("key", request.key())
                        // Encrypted like the answer: the hashed body may hold a password.
                        .bind("hash", keyring.encrypt(request.hash(), request.boundTo()))
                        .bind("now", now.atOffset(ZoneOffset.UTC))
                        .bind("oldest", now.minus(RETENTION).atOffset(ZoneOffset.UTC))
                        .execute()
                == 1;
    }

    private void store(Handle handle, Request request, Result result) {
        handle.createUpdate(
                        """
                        update idempotency set status = :status, answer = :answer, location = :location
                        where client_id = :client and key = :key\
                        """)
                .bind("client", request.clientId())
                .bind("key", request.key())
                .bind("status", result.status())
                .bind("answer", keyring.encrypt(result.body(), request.boundTo()))
                .bind("location", result.location())
                .execute();
    }

    /**
     * @throws ProblemException 409 when the key was used for another request
     */
    private Optional<Result> find(Handle handle, Request request) {
        return handle.createQuery(
                        """
                        select * from idempotency where client_id = :client and key = :key
                            and status is not null and created_at >= :oldest\
                        """)
                .bind("client", request.clientId())
                .bind("key", request.key())
                .bind("oldest", clock.instant().minus(RETENTION).atOffset(ZoneOffset.UTC))
                .map((row, context) -> {
                    byte[] hash =
                            keyring.decryptBytes(row.getBytes("request_hash"), request.boundTo());
                    if (!MessageDigest.isEqual(hash, request.hash())) {
                        throw new ProblemException(
                                Problem.conflict(
                                        "idempotency-reused",
                                        "this Idempotency-Key was used for another request within"
                                                + " 24 hours; take a new one"));
                    }
                    return new Result(
                            row.getInt("status"),
                            keyring.decryptBytes(row.getBytes("answer"), request.boundTo()),
                            row.getString("location"));
                })
                .findOne();
    }

    /** Deletes answers older than 24 hours; returns their number. */
    public int deleteExpired() {
        int deleted =
                jdbi.withHandle(handle ->
                        handle.createUpdate("delete from idempotency where created_at < :oldest")
                                .bind(
                                        "oldest",
                                        clock.instant().minus(RETENTION).atOffset(ZoneOffset.UTC))
                                .execute());
        quota.forget();
        return deleted;
    }

    private static void replay(Context context, Result result) {
        context.header("Idempotency-Replayed", "true");
        write(context, result);
    }

    private static void write(Context context, Result result) {
        if (result.location() != null) {
            context.header("Location", result.location());
        }
        context.status(result.status())
                .contentType(result.status() < 400 ? Responses.JSON : Problem.CONTENT_TYPE)
                .result(result.body());
    }

    private static byte[] hash(Context context, byte[] body) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(
                    (context.method() + " " + context.path() + "\n")
                            .getBytes(StandardCharsets.UTF_8));
            return digest.digest(body);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }
}
