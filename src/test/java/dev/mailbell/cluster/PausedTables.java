package dev.mailbell.cluster;

import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Tables with something before, after or instead of a call. */
class PausedTables implements ClusterTables {
    private final ClusterTables tables;

    PausedTables(ClusterTables tables) {
        this.tables = tables;
    }

    interface Step {
        void run() throws InterruptedException;
    }

    static void run(Step step) {
        try {
            step.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void register(Node node, String configuration) {
        tables.register(node, configuration);
    }

    @Override
    public Optional<Beat> renew(UUID id, String configuration) {
        return tables.renew(id, configuration);
    }

    @Override
    public View read(long version) {
        return tables.read(version);
    }

    @Override
    public Set<UUID> remove(Collection<NodeRow> dead) {
        return tables.remove(dead);
    }

    @Override
    public Map<Integer, Long> take(UUID node, Map<Integer, Long> epochs) {
        return tables.take(node, epochs);
    }

    @Override
    public void giveUp(UUID node, Map<Integer, Long> epochs) {
        tables.giveUp(node, epochs);
    }

    @Override
    public void announceLeaving(UUID id) {
        tables.announceLeaving(id);
    }

    @Override
    public void announceBusy(UUID id, boolean busy) {
        tables.announceBusy(id, busy);
    }

    @Override
    public void depart(UUID id) {
        tables.depart(id);
    }

    @Override
    public void close() {
        tables.close();
    }
}
