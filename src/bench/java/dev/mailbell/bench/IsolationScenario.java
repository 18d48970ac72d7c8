package dev.mailbell.bench;

import dev.mailbell.bench.sim.ImapServerSim;
import java.util.List;

/**
 * A mail server whose sessions are kept and polled falls silent, in a daemon with few places for
 * checks: whether pushed mail of other servers is announced as before.
 */
final class IsolationScenario implements Scenario {
    private static final int KEPT = 240;
    private static final int PLACES = 16;
    private static final int RAMP_SECONDS = 300;
    private static final int INTERVAL = 5;

    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(500);
        Plan plan =
                Plan.imap(mailboxes, setting.tls(), true, setting.interval().orElse(120))
                        .groups(
                                (webhook, mailbox) -> true,
                                account -> "healthy",
                                webhook -> "healthy")
                        .concurrency(PLACES);
        try (Lab lab = Lab.open(plan, setting);
                ImapServerSim silent = new ImapServerSim(KEPT, 1, null)) {
            lab.register();
            Guests guests = new Guests();
            for (int i = 0; i < KEPT; i++) {
                guests.add(i, silent.host(i), silent.port(), false, INTERVAL);
            }
            guests.register(lab.daemon().api());
            lab.awaitWatching(RAMP_SECONDS);
            Beside beside = new Beside(lab, setting, 0, mailboxes);
            beside.measure("pushed mail before");
            for (int i = 0; i < KEPT; i++) {
                silent.stall(i);
            }
            beside.measure("beside a silent server");
            beside.note(Figure.of("sessions that were kept there", silent.connections(), ""));
            return beside.figures();
        }
    }
}
