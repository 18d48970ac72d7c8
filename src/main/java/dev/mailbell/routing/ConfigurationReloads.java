package dev.mailbell.routing;

import dev.mailbell.cluster.Member;
import dev.mailbell.config.parsing.ConfigurationException;
import dev.mailbell.config.reload.Reload;
import dev.mailbell.database.Database;
import dev.mailbell.network.Deadline;
import dev.mailbell.routing.node.Command;
import dev.mailbell.routing.node.Messages;
import dev.mailbell.routing.node.NodeClient.NoReplyException;
import dev.mailbell.routing.node.Nodes;
import dev.mailbell.routing.node.Parallel;
import dev.mailbell.routing.node.Reply;
import dev.mailbell.routing.notice.NoticeKind;
import dev.mailbell.routing.notice.NoticeTable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Has every node read its own configuration again. A node that the request does not reach learns of
 * it by a change notice.
 */
public final class ConfigurationReloads {
    private static final Logger LOG = LoggerFactory.getLogger(ConfigurationReloads.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(5);
    private static final int MAX_REQUESTS = 100;

    private final Jdbi jdbi;
    private final Nodes nodes;
    private final Supplier<Reload> reload;
    private final Supplier<String> fingerprint;

    /** The latest requests that this node has followed, oldest first; guarded by itself. */
    private final Set<UUID> followed = new LinkedHashSet<>();

    /**
     * @param reload reads this node's configuration; throws {@link ConfigurationException}
     * @param fingerprint of the configuration in effect at this node
     */
    public ConfigurationReloads(
            Jdbi jdbi, Nodes nodes, Supplier<Reload> reload, Supplier<String> fingerprint) {
        this.jdbi = jdbi;
        this.nodes = nodes;
        this.reload = reload;
        this.fingerprint = fingerprint;
    }

    /** The configuration of another node after a reload. */
    public enum State {
        /** That of this node. */
        SAME,
        DIFFERENT,
        /** Its file has faults: it goes on with the configuration that it had. */
        REFUSED,
        /** It is not known whether the node has read its configuration. */
        NO_ANSWER
    }

    public record Other(UUID id, String name, State state) {}

    /**
     * What became of the operator's request.
     *
     * @param here what changed at this node
     * @param others all other live nodes
     */
    public record Result(Reload here, List<Other> others) {
        public Result {
            others = List.copyOf(others);
        }
    }

    /**
     * What a node answers to another one.
     *
     * @param fingerprint of the configuration in effect there
     * @param refused whether its file has faults
     */
    record Outcome(String fingerprint, boolean refused) {}

    /**
     * Reads the configuration here, and then has the other nodes read theirs.
     *
     * @throws ConfigurationException when the one of this node has faults; no node has changed then
     */
    public Result everywhere() {
        UUID id = UUID.randomUUID();
        Reload here;
        synchronized (followed) {
            follow(id);
            here = reload.get();
        }
        note(id);
        List<Member> others = nodes.others();
        Map<UUID, State> states = new ConcurrentHashMap<>();
        Deadline deadline = Deadline.after(TIMEOUT);
        Parallel.run(others, other -> states.put(other.id(), stateOf(other, id, deadline)));
        List<Other> results = new ArrayList<>();
        for (Member other : others) {
            State state = states.getOrDefault(other.id(), State.NO_ANSWER);
            results.add(new Other(other.id(), other.name(), state));
        }
        return new Result(here, results);
    }

    private void note(UUID id) {
        try {
            jdbi.useTransaction(handle -> NoticeTable.add(handle, NoticeKind.CONFIGURATION, id));
        } catch (RuntimeException e) {
            if (!Database.isAway(e)) {
                throw e;
            }
            LOG.warn("Only nodes that answer now read their configuration: {}", Database.reason(e));
        }
    }

    private State stateOf(Member node, UUID id, Deadline deadline) {
        try {
            Reply reply = nodes.ask(node, new Command.Reload(id), deadline);
            if (reply.value() == null) {
                return State.NO_ANSWER;
            }
            Outcome outcome = Messages.JSON.treeToValue(reply.value(), Outcome.class);
            if (outcome.refused()) {
                return State.REFUSED;
            }
            return fingerprint.get().equals(outcome.fingerprint()) ? State.SAME : State.DIFFERENT;
        } catch (NoReplyException | JacksonException e) {
            return State.NO_ANSWER;
        }
    }

    /** Follows a request of another node, once. */
    Outcome requested(UUID id) {
        synchronized (followed) {
            boolean refused = false;
            if (follow(id)) {
                try {
                    Reload here = reload.get();
                    LOG.debug("{} keys changed", here.changed().size());
                } catch (ConfigurationException e) {
                    LOG.debug("The configuration is refused; the reload has logged its faults");
                    refused = true;
                }
            }
            return new Outcome(fingerprint.get(), refused);
        }
    }

    /** Follows the requests of change notices. */
    public void requested(Set<UUID> ids) {
        ids.forEach(this::requested);
    }

    private boolean follow(UUID id) {
        boolean isNew = followed.add(id);
        if (followed.size() > MAX_REQUESTS) {
            followed.remove(followed.iterator().next());
        }
        return isNew;
    }
}
