package dev.mailbell.bench;

import dev.mailbell.bench.daemon.BenchException;
import dev.mailbell.bench.daemon.EmbeddedSql;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * One of three nodes is frozen, then cut off from PostgreSQL, while mail comes. From the moment in
 * which the others own its shards until it owns some again, it must write no mark and open no
 * session.
 */
final class ClusterFenceScenario implements Scenario {
    private static final int NODES = 3;
    private static final int FENCED = 1;
    private static final int RAMP_SECONDS = 300;
    private static final int SETTLE_SECONDS = 180;
    private static final int STEP_MILLIS = 20;

    /** Notes which node changed a mark, and when: nodes give their names to their connections. */
    private static final List<String> NOTE_MARKS =
            List.of(
                    "create table bench_mark (node text not null, at timestamptz not null)",
                    """
                    create function bench_mark() returns trigger language plpgsql security definer as $$
                    begin
                        insert into bench_mark values (current_setting('application_name'), clock_timestamp());
                        return null;
                    end $$
                    """,
                    """
                    create trigger bench_mark after update on mailbox
                    for each row when (old.version is distinct from new.version)
                    execute function bench_mark()
                    """);

    private interface Action {
        void run() throws InterruptedException;
    }

    @Override
    public List<Figure> run(BenchOptions options) throws InterruptedException {
        int mailboxes = options.mailboxes().orElse(300);
        int seconds = options.seconds().orElse(30);
        Plan plan = Plan.imap(mailboxes, false, true, options.interval().orElse(30));
        try (ClusterBed bed = ClusterBed.open(plan, options, NODES)) {
            NOTE_MARKS.forEach(bed.sql()::change);
            bed.awaitWatched(RAMP_SECONDS);
            Random random = new Random(options.seed());
            List<Figure> figures = new ArrayList<>();
            try (BackgroundMail mail =
                    new BackgroundMail(
                            bed::deliver,
                            () -> random.nextInt(mailboxes),
                            options.rate().orElse(20))) {
                Thread.sleep(1_000L * options.warmUp().orElse(10));
                phase(
                        "frozen",
                        bed,
                        figures,
                        seconds,
                        () -> bed.node(FENCED).signal("STOP"),
                        () -> bed.node(FENCED).signal("CONT"));
                bed.awaitShared();
                bed.awaitWatched(RAMP_SECONDS);
                phase(
                        "cut off",
                        bed,
                        figures,
                        seconds,
                        () -> bed.link(FENCED).cut(),
                        () -> bed.link(FENCED).restore());
            }
            bed.settle(SETTLE_SECONDS);
            figures.add(
                    Figure.of("mails, each counted once", bed.ledger().added(), "").target("all"));
            figures.add(Figure.of("deliveries that came twice", bed.ledger().repeated(), ""));
            figures.add(
                    PushScenario.latency(
                            "two sessions of a mailbox at once, longest",
                            bed.coverage().doubled().between(0, Long.MAX_VALUE),
                            1));
            return figures;
        }
    }

    /** The fault lasts for some seconds from the moment in which the node owns no shard. */
    private static void phase(
            String name,
            ClusterBed bed,
            List<Figure> figures,
            int seconds,
            Action fault,
            Action repair)
            throws InterruptedException {
        EmbeddedSql sql = bed.sql();
        String address = ClusterBed.addressOf(FENCED);
        long begun = System.nanoTime();
        fault.run();
        Waiting.until(
                RAMP_SECONDS,
                () -> bed.shardsOf(FENCED) == 0,
                () -> "the others did not take the shards of the node that is " + name);
        double taken = (System.nanoTime() - begun) / 1e9;
        String from = sql.ask("select clock_timestamp()");
        long sessions = bed.coverage().logins(address);
        Thread.sleep(1_000L * seconds);
        repair.run();
        String to = from;
        long opened = 0;
        long deadline = System.nanoTime() + RAMP_SECONDS * 1_000_000_000L;
        while (true) {
            // In this order: what is counted happened while it owned nothing.
            long sessionsNow = bed.coverage().logins(address);
            String now = sql.ask("select clock_timestamp()");
            if (bed.shardsOf(FENCED) > 0) {
                break;
            }
            opened = sessionsNow - sessions;
            to = now;
            if (System.nanoTime() - deadline > 0) {
                throw new BenchException("the node that was " + name + " did not come back");
            }
            Thread.sleep(STEP_MILLIS);
        }
        double marks =
                Double.parseDouble(
                        sql.ask(
                                "select count(*) from bench_mark where node = '%s' and at between '%s' and '%s'"
                                        .formatted(ClusterBed.nameOf(FENCED), from, to)));
        figures.add(Figure.of(name + ": until the others own its shards", taken, "s"));
        figures.add(Figure.of(name + ": marks written by it", marks, "").target("0"));
        figures.add(Figure.of(name + ": sessions opened by it", opened, "").target("0"));
    }
}
