package dev.mailbell.secret;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Encrypts the values of older keys anew after a rotation, in short transactions. A value carries
 * the id of its key, so that a run that was broken off is resumed without any record of it.
 */
public final class Reencryption implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Reencryption.class);

    /** The blocks of a table in one transaction: some hundred rows at most. */
    private static final int BLOCKS = 8;

    /** A value that was encrypted before the rotation may be written some time after it. */
    private static final Duration RECHECK = Duration.ofHours(1);

    /** Values that were locked by others, or that no key decrypts, are tried again after this. */
    private static final Duration RETRY = Duration.ofMinutes(1);

    /** How long the thread rests at most after a transaction. */
    private static final long MAX_PAUSE_NANOS = 50_000_000;

    private final Jdbi jdbi;
    private final Keyring keyring;
    private final KeysetRegister register;
    private final List<EncryptedColumn> columns;
    private final BooleanSupplier allowed;
    private final InstantSource clock;
    private final Counter reencrypted;
    private final AtomicLong outdated = new AtomicLong();

    private String visitedFor = "";
    private String completeFor = "";
    private Instant recheckAt = Instant.MIN;
    private boolean refreshRefused;
    private volatile boolean closed;

    /**
     * @param allowed whether this daemon may write now; asked before each transaction
     */
    public Reencryption(
            Jdbi jdbi,
            Keyring keyring,
            KeysetRegister register,
            List<EncryptedColumn> columns,
            BooleanSupplier allowed,
            MeterRegistry meters,
            InstantSource clock) {
        this.jdbi = jdbi;
        this.keyring = keyring;
        this.register = register;
        this.columns = List.copyOf(columns);
        this.allowed = allowed;
        this.clock = clock;
        this.reencrypted =
                Counter.builder("keys.reencrypted")
                        .description(
                                "Secrets that were encrypted anew after a rotation of the keys")
                        .register(meters);
        Gauge.builder("keys.outdated", outdated, AtomicLong::doubleValue)
                .description("Secrets in the database that an older key has encrypted")
                .strongReference(true)
                .register(meters);
    }

    /** Takes up a new keyset, and re-encrypts what an older key has encrypted, if there is any. */
    public void run() {
        try {
            runOnce();
        } catch (RuntimeException e) {
            if (!closed) {
                throw e;
            }
            LOG.debug("Broken off by the stop", e);
        }
    }

    private void runOnce() {
        refresh();
        String primary = keyring.primary();
        boolean rests = visitedFor.equals(primary) && clock.instant().isBefore(recheckAt);
        if (keyring.keys().size() == 1 || rests || !mayGoOn()) {
            return;
        }
        long left = count();
        if (left > 0) {
            LOG.info("Encrypting {} secrets anew with key {}", left, primary);
            sweep(primary);
            left = count();
        }
        if (left > 0) {
            LOG.info("{} secrets are still encrypted with older keys", left);
        } else if (!completeFor.equals(primary)) {
            LOG.info(
                    "All secrets are encrypted with key {}; \"keyset prune\" may remove the older"
                            + " keys",
                    primary);
            completeFor = primary;
        }
        visitedFor = primary;
        recheckAt = clock.instant().plus(left > 0 ? RETRY : RECHECK);
    }

    private void refresh() {
        try {
            keyring.refresh(register::register);
            refreshRefused = false;
        } catch (KeyringException e) {
            if (!refreshRefused) {
                LOG.warn("The keys stay as they are: {}", e.getMessage());
            }
            refreshRefused = true;
        }
    }

    /** How many values are not of the primary key. */
    private long count() {
        String primary = keyring.primary();
        long sum =
                columns.stream()
                        .flatMap(column -> column.counts(jdbi).entrySet().stream())
                        .filter(entry -> !entry.getKey().equals(primary))
                        .mapToLong(entry -> entry.getValue())
                        .sum();
        outdated.set(sum);
        return sum;
    }

    private void sweep(String primary) {
        for (EncryptedColumn column : columns) {
            long blocks = column.blocks(jdbi);
            for (long block = 0; block < blocks; block += BLOCKS) {
                if (!mayGoOn()) {
                    return;
                }
                long start = System.nanoTime();
                if (reencrypt(column, primary, block) > 0) {
                    rest(System.nanoTime() - start);
                }
            }
        }
    }

    private boolean mayGoOn() {
        return allowed.getAsBoolean() && !closed && !Thread.currentThread().isInterrupted();
    }

    /** Returns how many values of some blocks were encrypted anew. */
    private int reencrypt(EncryptedColumn column, String primary, long block) {
        int changed =
                jdbi.inTransaction(handle -> {
                    int replaced = 0;
                    for (EncryptedColumn.Value value :
                            column.lockOutdated(handle, primary, block, block + BLOCKS)) {
                        try {
                            byte[] plain = keyring.decryptBytes(value.sealed(), value.boundTo());
                            byte[] sealed = keyring.encrypt(plain, value.boundTo());
                            replaced += column.replace(handle, value, sealed) ? 1 : 0;
                        } catch (KeyringException e) {
                            LOG.warn("A value of {} stays as it is: {}", column, e.getMessage());
                        }
                    }
                    return replaced;
                });
        reencrypted.increment(changed);
        return changed;
    }

    /** Leaves the database to others for as long as the transaction took. */
    private static void rest(long nanos) {
        try {
            Thread.sleep(Duration.ofNanos(Math.min(nanos, MAX_PAUSE_NANOS)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets a run end after the transaction under way. */
    @Override
    public void close() {
        closed = true;
    }
}
