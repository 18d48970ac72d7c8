package dev.mailbell.bench;

import dev.mailbell.bench.net.Listener;
import dev.mailbell.bench.sim.HostileTalk;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Mail servers that do all kinds of harm, each at an address of its own: what others feel. */
final class HostileScenario implements Scenario {
    private static final int SERVERS = 300;
    private static final int ADDRESSES = 150;
    private static final int RAMP_SECONDS = 300;
    private static final int INTERVAL = 30;

    @Override
    public List<Figure> run(Setting setting) throws InterruptedException {
        int mailboxes = setting.mailboxes().orElse(1_000);
        AtomicInteger connections = new AtomicInteger();
        Plan plan =
                Plan.imap(mailboxes, setting.tls(), true, setting.interval().orElse(120))
                        .groups(
                                (webhook, mailbox) -> true,
                                account -> "healthy",
                                webhook -> "healthy");
        try (Lab lab = Lab.open(plan, setting);
                Listener first = listener(connections);
                Listener second = listener(connections)) {
            lab.register();
            lab.awaitWatching(RAMP_SECONDS);
            Beside beside = new Beside(lab, setting, 0, mailboxes);
            beside.measure("mail before");
            Guests guests = new Guests();
            for (int i = 0; i < SERVERS; i++) {
                Listener server = i < ADDRESSES ? first : second;
                guests.add(i, server.host(i), server.port(), true, INTERVAL);
            }
            guests.register(lab.daemon().api());
            beside.measure("beside " + SERVERS + " hostile servers");
            beside.note(Figure.of("connections to them", connections.get(), ""));
            return beside.figures();
        }
    }

    private static Listener listener(AtomicInteger connections) {
        return Listener.open(ADDRESSES, null, () -> new HostileTalk(connections.getAndIncrement()));
    }
}
