package dev.mailbell.watch.history;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.watch.admission.CheckTrigger;
import dev.mailbell.watch.history.PastCheck.Result;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the latest checks of one account went. Checks in a row that found nothing are counted in
 * place, which costs no memory; only what there is to show is added to the packed ones. Safe for
 * many threads.
 */
public final class CheckHistory {
    /** So many are kept. */
    public static final int MOST = 20;

    private static final int FORGOTTEN = -1;

    private final HistoryBudget budget;

    /** Null: there is nothing but checks that found nothing. */
    private byte @Nullable [] packed;

    /** How many checks since then found nothing; {@link #FORGOTTEN} for good after the end. */
    private int quietTimes;

    private long quietFirst;
    private long quietLast;
    private int quietTook;
    private CheckTrigger quietTrigger = CheckTrigger.POLL;

    public CheckHistory(HistoryBudget budget) {
        this.budget = budget;
    }

    /** A check has found nothing new, and nothing was wrong. */
    public synchronized void nothing(CheckTrigger trigger, Instant startedAt, long tookMillis) {
        if (quietTimes == FORGOTTEN) {
            return;
        }
        long started = startedAt.toEpochMilli();
        if (quietTimes == 0) {
            quietFirst = started;
        }
        if (quietTimes < Integer.MAX_VALUE) {
            quietTimes++;
        }
        quietLast = started;
        quietTook = (int) Math.min(Integer.MAX_VALUE, tookMillis);
        quietTrigger = trigger;
    }

    /** A check has come to something else. */
    public synchronized void add(
            Result result,
            CheckTrigger trigger,
            Instant startedAt,
            long tookMillis,
            int newCount,
            @Nullable FailureCode code,
            @Nullable String message) {
        if (quietTimes == FORGOTTEN) {
            return;
        }
        PastCheck fresh =
                new PastCheck(
                        result,
                        trigger,
                        startedAt,
                        tookMillis,
                        1,
                        startedAt,
                        newCount,
                        code,
                        message);
        List<PastCheck> all = latest();
        if (!all.isEmpty() && fresh.isLike(all.getFirst())) {
            all.set(0, fresh.after(all.getFirst()));
        } else {
            all.addFirst(fresh);
        }
        if (packed == null) {
            budget.added();
        }
        int most = budget.exchange(packed == null ? 0 : packed.length);
        packed = PackedChecks.pack(all.subList(0, Math.min(MOST, all.size())), most);
        budget.giveBack(most, packed.length);
        quietTimes = 0;
    }

    /** The latest checks, the newest first, {@value #MOST} at most. */
    public synchronized List<PastCheck> latest() {
        List<PastCheck> all = new ArrayList<>();
        if (quietTimes > 0) {
            all.add(
                    new PastCheck(
                            Result.NOTHING,
                            quietTrigger,
                            Instant.ofEpochMilli(quietLast),
                            quietTook,
                            quietTimes,
                            Instant.ofEpochMilli(quietFirst),
                            0,
                            null,
                            null));
        }
        if (packed != null) {
            all.addAll(PackedChecks.unpack(packed));
        }
        return all.size() > MOST ? new ArrayList<>(all.subList(0, MOST)) : all;
    }

    /** The account is watched no longer: its memory is free for others. */
    public synchronized void forget() {
        if (packed != null) {
            budget.giveBack(packed.length, 0);
            packed = null;
            budget.removed();
        }
        quietTimes = FORGOTTEN;
    }
}
