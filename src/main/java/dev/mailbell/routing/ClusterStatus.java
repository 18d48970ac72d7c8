package dev.mailbell.routing;

import dev.mailbell.cluster.Member;
import dev.mailbell.cluster.Members;
import dev.mailbell.network.Deadline;
import dev.mailbell.routing.node.Command;
import dev.mailbell.routing.node.Messages;
import dev.mailbell.routing.node.NodeClient.NoReplyException;
import dev.mailbell.routing.node.Nodes;
import dev.mailbell.routing.node.Parallel;
import dev.mailbell.status.LocalStatus;
import dev.mailbell.status.NodeStatus;
import dev.mailbell.watch.account.AccountModes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Asks all live nodes what they know of themselves; one that does not answer in time is without.
 */
public final class ClusterStatus {
    private static final Logger LOG = LoggerFactory.getLogger(ClusterStatus.class);
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    private final Members members;
    private final Nodes nodes;
    private final LocalStatus local;

    public ClusterStatus(Members members, Nodes nodes, LocalStatus local) {
        this.members = members;
        this.nodes = nodes;
        this.local = local;
    }

    /**
     * A live node.
     *
     * @param status null: it did not answer
     */
    public record OfNode(Member member, @Nullable NodeStatus status) {}

    /** All live nodes, this one included. */
    public List<OfNode> all() {
        Map<UUID, NodeStatus> found = new ConcurrentHashMap<>();
        ask(null, NodeStatus.class, found);
        found.put(members.self(), local.now());
        List<OfNode> all = new ArrayList<>();
        for (Member member : members.live()) {
            all.add(new OfNode(member, found.get(member.id())));
        }
        return all;
    }

    /** How the accounts of a client are watched, at all nodes that answer. */
    public AccountModes modes(UUID client) {
        Map<UUID, AccountModes> found = new ConcurrentHashMap<>();
        ask(client, AccountModes.class, found);
        return found.values().stream().reduce(local.modes(client), AccountModes::plus);
    }

    private <T> void ask(@Nullable UUID client, Class<T> type, Map<UUID, T> found) {
        Deadline deadline = Deadline.after(TIMEOUT);
        List<Member> others =
                members.live().stream()
                        .filter(member -> !member.id().equals(members.self()))
                        .toList();
        Parallel.run(
                others,
                other ->
                        ask(other, new Command.Status(client), type, deadline)
                                .ifPresent(answer -> found.put(other.id(), answer)));
    }

    private <T> Optional<T> ask(Member node, Command command, Class<T> type, Deadline deadline) {
        try {
            JsonNode value = nodes.ask(node, command, deadline).value();
            return value == null
                    ? Optional.empty()
                    : Optional.of(Messages.JSON.treeToValue(value, type));
        } catch (NoReplyException | JacksonException e) {
            LOG.debug("Node {} does not say how it is: {}", node.name(), e.getMessage());
            return Optional.empty();
        }
    }
}
