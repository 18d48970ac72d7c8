package dev.mailbell.api.http;

import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.jdbi.v3.core.Jdbi;

/**
 * Bounds what is kept of one client's answers to {@code Idempotency-Key}s. A client with too much
 * is refused, because an answer that is forgotten early would let a repeated request create twice.
 * The amounts are read from the table once an hour, and what this node adds is counted in between.
 */
final class AnswerQuota {
    /** Twice what a client needs that registers all its accounts one by one in a day. */
    static final long MAX_ANSWERS = 200_000;

    static final long MAX_BYTES = 256L << 20;

    private static final int MAX_CLIENTS = 10_000;
    private static final Duration RETRY_AFTER = Duration.ofHours(1);
    private static final Duration MAX_AGE = Duration.ofHours(1);

    private final Jdbi jdbi;
    private final long maxAnswers;
    private final long maxBytes;
    private final LongSupplier nanoTime;
    private final Map<UUID, Usage> byClient =
            new LinkedHashMap<>(16, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<UUID, Usage> eldest) {
                    return size() > MAX_CLIENTS;
                }
            };

    /**
     * @param readAt the monotonic time of the reading
     */
    private record Usage(long answers, long bytes, long readAt) {}

    AnswerQuota(Jdbi jdbi) {
        this(jdbi, MAX_ANSWERS, MAX_BYTES, System::nanoTime);
    }

    AnswerQuota(Jdbi jdbi, long maxAnswers, long maxBytes, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.jdbi = jdbi;
        this.maxAnswers = maxAnswers;
        this.maxBytes = maxBytes;
    }

    /**
     * @throws ProblemException 429 when no further answer of the client may be kept
     */
    void require(UUID clientId) {
        Usage usage = usage(clientId);
        if (usage.answers() >= maxAnswers || usage.bytes() >= maxBytes) {
            throw new ProblemException(
                    Problem.of(
                                    429,
                                    "too-many-idempotency-keys",
                                    "Too many answers are kept for this client",
                                    "at most %d answers and %d MiB are kept in 24 hours; send the request without Idempotency-Key, or wait"
                                            .formatted(maxAnswers, maxBytes >> 20))
                            .retryAfter(RETRY_AFTER));
        }
    }

    private Usage usage(UUID clientId) {
        synchronized (this) {
            Usage known = byClient.get(clientId);
            if (known != null && isFresh(known)) {
                return known;
            }
        }
        Usage read = read(clientId);
        synchronized (this) {
            return byClient.merge(clientId, read, (known, now) -> isFresh(known) ? known : now);
        }
    }

    /** Other nodes add and delete answers too. */
    private boolean isFresh(Usage usage) {
        return nanoTime.getAsLong() - usage.readAt() < MAX_AGE.toNanos();
    }

    private Usage read(UUID clientId) {
        long now = nanoTime.getAsLong();
        return jdbi.withHandle(handle ->
                handle.createQuery(
                                """
                                select count(*) as answers, coalesce(sum(octet_length(answer)), 0) as bytes
                                from idempotency where client_id = :client\
                                """)
                        .bind("client", clientId)
                        .map((row, context) ->
                                new Usage(row.getLong("answers"), row.getLong("bytes"), now))
                        .one());
    }

    /** An answer of the client was stored. */
    synchronized void added(UUID clientId, long bytes) {
        byClient.computeIfPresent(
                clientId,
                (id, usage) ->
                        new Usage(usage.answers() + 1, usage.bytes() + bytes, usage.readAt()));
    }

    /** Has the amounts read again, because answers were deleted. */
    synchronized void forget() {
        byClient.clear();
    }
}
