package dev.mailbell.mail.auth;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.MailFailure;
import dev.mailbell.mail.auth.grant.OAuthGrant;
import dev.mailbell.mail.auth.grant.TokenGrant;
import dev.mailbell.network.Deadline;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tokens of one account under one grant. Two locks: {@code flight} is held over a renewal, so
 * that there is one at a time; the monitor guards the fields and is never held over I/O.
 */
final class AccountTokens {
    private static final Logger LOG = LoggerFactory.getLogger(AccountTokens.class);

    /** A token that expires within this time might expire before the login. */
    private static final Duration MARGIN = Duration.ofSeconds(10);

    private static final Duration EARLY = Duration.ofMinutes(5);
    private static final Duration SPREAD = Duration.ofMinutes(1);
    // An early renewal must leave the check, which can do without it, most of its time.
    private static final Duration EARLY_PATIENCE = Duration.ofSeconds(5);
    private static final Duration FIRST_PAUSE = Duration.ofSeconds(30);
    private static final int REMEMBERED = 8;

    /** The dependencies that all accounts share. */
    record Tools(
            TokenEndpoint endpoint,
            RefreshTokenStore store,
            SpentTokens spent,
            InstantSource clock,
            RandomGenerator random) {}

    private record Held(String token, Instant renewAt, Instant deadAt) {}

    /**
     * A replaced refresh token that is not stored yet, and the access token it came with; null if
     * it was replaced before the account was there.
     */
    private record Unsaved(OAuthGrant used, String replacement, @Nullable Held held) {}

    private final UUID accountId;
    private final Tools tools;
    private final ReentrantLock flight = new ReentrantLock();

    private TokenGrant grant;
    // Callers may still hold a grant from before a rotation; least recently used first.
    private final LinkedHashSet<String> lineage = new LinkedHashSet<>();
    private @Nullable Held held;
    private @Nullable Unsaved unsaved;
    private @Nullable MailFailure failure;
    private Instant notBefore = Instant.MIN;
    private int failures;
    private boolean forgotten;

    AccountTokens(UUID accountId, TokenGrant grant, Tools tools) {
        this.accountId = accountId;
        this.grant = grant;
        this.tools = tools;
        if (grant instanceof OAuthGrant refresh) {
            lineage.add(refresh.refreshToken());
            tools.spent()
                    .replacement(refresh)
                    .ifPresent(next -> rotate(new Unsaved(refresh, next, null)));
        }
    }

    /** Whether these tokens belong to this grant, or to one that it replaced or was replaced by. */
    synchronized boolean covers(TokenGrant other) {
        if (!(grant instanceof OAuthGrant own) || !(other instanceof OAuthGrant given)) {
            return grant.equals(other);
        }
        if (!own.equals(given.withRefreshToken(own.refreshToken()))
                || !lineage.contains(given.refreshToken())) {
            return false;
        }
        lineage.addLast(given.refreshToken());
        return true;
    }

    /** Whether this can be dropped without losing an unsaved refresh token or a failure. */
    synchronized boolean isDroppable() {
        return unsaved == null && !flight.isLocked();
    }

    synchronized void refused() {
        held = null;
    }

    synchronized void forget() {
        forgotten = true;
        held = null;
        unsaved = null;
    }

    String accessToken(Deadline deadline) {
        Optional<Held> kept = alive();
        if (kept.isPresent() && !isDue(kept.get())) {
            return kept.get().token();
        }
        return kept.isPresent() ? early(kept.get(), deadline) : now(deadline);
    }

    private String early(Held kept, Deadline deadline) {
        if (!flight.tryLock()) {
            return kept.token();
        }
        try {
            return renew(deadline.atMost(EARLY_PATIENCE));
        } catch (MailFailure e) {
            LOG.info(
                    "account {}: its access token was not renewed early ({}: {}); the old one"
                            + " is still used",
                    accountId,
                    e.code().wireName(),
                    e.getMessage());
        } catch (RuntimeException e) {
            LOG.warn(
                    "account {}: a replaced refresh token could not be stored yet; the old access"
                            + " token is still used",
                    accountId,
                    e);
        } finally {
            flight.unlock();
        }
        postpone(kept);
        return kept.token();
    }

    private String now(Deadline deadline) {
        int failuresBefore = failures();
        lock(deadline);
        try {
            Optional<Held> kept = alive();
            if (kept.isPresent()) {
                return kept.get().token();
            }
            throwIfFailedSince(failuresBefore);
            return renew(deadline);
        } finally {
            flight.unlock();
        }
    }

    private void lock(Deadline deadline) {
        try {
            if (!flight.tryLock(deadline.remainingNanos(), TimeUnit.NANOSECONDS)) {
                throw new MailFailure(
                        FailureCode.TIMEOUT, "the access token was not renewed in time");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MailFailure(
                    FailureCode.TIMEOUT, "interrupted while the access token was renewed", e);
        }
    }

    private String renew(Deadline deadline) {
        Unsaved left = unsaved();
        if (left != null) {
            save(left);
            Optional<Held> kept = alive();
            if (kept.isPresent() && !isDue(kept.get())) {
                return kept.get().token();
            }
        }
        throwIfTooSoon();
        TokenGrant used = grant();
        IssuedTokens issued;
        try {
            issued = tools.endpoint().request(used, deadline);
        } catch (MailFailure e) {
            failed(e);
            throw e;
        }
        Held fresh = hold(issued);
        if (used instanceof OAuthGrant refresh
                && issued.replacementFor(refresh.refreshToken()).isPresent()) {
            String replacement = issued.replacementFor(refresh.refreshToken()).orElseThrow();
            Unsaved rotated = new Unsaved(refresh, replacement, fresh);
            rotate(rotated);
            save(rotated);
        } else {
            publish(fresh);
        }
        return fresh.token();
    }

    private void save(Unsaved rotated) {
        // Also where the account was forgotten meanwhile, because another node watches it now: the
        // provider accepts the used token no more. The store changes no other login.
        String used = rotated.used().refreshToken();
        if (!tools.store().replaced(accountId, used, rotated.replacement())) {
            tools.spent().replaced(rotated.used(), rotated.replacement());
        }
        publish(rotated.held());
    }

    private synchronized void rotate(Unsaved rotated) {
        unsaved = rotated;
        grant = rotated.used().withRefreshToken(rotated.replacement());
        lineage.addLast(rotated.replacement());
        if (lineage.size() > REMEMBERED) {
            lineage.removeFirst();
        }
    }

    private synchronized void publish(@Nullable Held fresh) {
        unsaved = null;
        failure = null;
        failures = 0;
        notBefore = Instant.MIN;
        held = forgotten ? null : fresh;
    }

    private Held hold(IssuedTokens issued) {
        Instant now = tools.clock().instant();
        Instant end = now.plus(issued.lifetime());
        // A token that lives shorter than ten minutes is renewed at half its life.
        Duration early = shorter(EARLY, issued.lifetime().dividedBy(2));
        Duration spread = shorter(SPREAD, issued.lifetime().dividedBy(10));
        Duration jitter = Duration.ofMillis(tools.random().nextLong(spread.toMillis() + 1));
        Duration margin = shorter(MARGIN, issued.lifetime().dividedBy(10));
        return new Held(issued.accessToken(), end.minus(early).minus(jitter), end.minus(margin));
    }

    private synchronized void failed(MailFailure e) {
        failures++;
        failure = e;
        e.retryAfter().ifPresent(wait -> notBefore = tools.clock().instant().plus(wait));
    }

    /**
     * Postpones the next early renewal after a failure: by 30 s, doubling, until the token expires.
     */
    private synchronized void postpone(Held kept) {
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.clamp(failures - 1L, 0, 4));
        if (held == kept) {
            held = new Held(kept.token(), tools.clock().instant().plus(pause), kept.deadAt());
        }
    }

    private synchronized void throwIfTooSoon() {
        Instant now = tools.clock().instant();
        if (failure != null && now.isBefore(notBefore)) {
            throw again(failure, Duration.between(now, notBefore));
        }
    }

    /**
     * Threads that waited for a failed renewal get its failure, except a timeout, which is its
     * caller's own.
     */
    private synchronized void throwIfFailedSince(int failuresBefore) {
        if (failure != null && failures > failuresBefore && failure.code() != FailureCode.TIMEOUT) {
            throw again(failure, failure.retryAfter().orElse(null));
        }
    }

    private static MailFailure again(MailFailure failure, @Nullable Duration wait) {
        return new MailFailure(failure.code(), String.valueOf(failure.getMessage()), wait, failure);
    }

    private synchronized Optional<Held> alive() {
        return Optional.ofNullable(held)
                .filter(token -> tools.clock().instant().isBefore(token.deadAt()));
    }

    private boolean isDue(Held token) {
        return !tools.clock().instant().isBefore(token.renewAt());
    }

    private synchronized int failures() {
        return failures;
    }

    private synchronized @Nullable Unsaved unsaved() {
        return unsaved;
    }

    private synchronized TokenGrant grant() {
        return grant;
    }

    private static Duration shorter(Duration a, Duration b) {
        return a.compareTo(b) <= 0 ? a : b;
    }
}
