package dev.mailbell.routing.node;

import dev.mailbell.cluster.Member;
import dev.mailbell.cluster.Members;
import dev.mailbell.network.Deadline;
import dev.mailbell.routing.node.NodeClient.NoReplyException;
import dev.mailbell.routing.node.RoutingMeters.Result;
import dev.mailbell.secret.Keyring;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The other nodes, to which this one sends commands. */
public final class Nodes implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Nodes.class);

    private final Members members;
    private final NodeSeal seal;
    private final NodeClient client;
    private final RoutingMeters meters;

    /**
     * @param keyring the keys that all nodes share
     * @param clock follows the database's clock
     */
    public Nodes(Members members, Keyring keyring, InstantSource clock, MeterRegistry registry) {
        this.members = members;
        this.seal = new NodeSeal(keyring, members.self(), clock);
        this.client = new NodeClient(seal);
        this.meters = new RoutingMeters(registry);
    }

    public NodeSeal seal() {
        return seal;
    }

    public UUID self() {
        return members.self();
    }

    /** The live node that owns a shard; empty while none does. */
    public Optional<Member> ownerOf(int shard) {
        return members.ownerOf(shard);
    }

    /** A live node. */
    public Optional<Member> find(UUID id) {
        return members.live().stream().filter(member -> member.id().equals(id)).findFirst();
    }

    /** The live nodes but this one. */
    public List<Member> others() {
        return members.live().stream().filter(member -> !member.id().equals(self())).toList();
    }

    /**
     * Sends a command to another node, and waits for its reply.
     *
     * @throws NoReplyException when it may not have been carried out
     */
    public Reply ask(Member node, Command command, Deadline deadline) throws NoReplyException {
        try {
            Reply reply = client.send(node, command, deadline);
            meters.count(
                    command.name(), reply.notMine() == null ? Result.ANSWERED : Result.NOT_MINE);
            return reply;
        } catch (NoReplyException e) {
            meters.count(
                    command.name(),
                    switch (e.fault()) {
                        case UNREACHABLE -> Result.UNREACHABLE;
                        case TIMEOUT -> Result.TIMEOUT;
                        case REFUSED -> Result.REFUSED;
                    });
            LOG.debug("Node {} did not reply: {}", node.name(), e.getMessage());
            throw e;
        }
    }

    /** How many requests were sent to other nodes, by result. */
    public Map<String, Long> forwarded() {
        return meters.byResult();
    }

    @Override
    public void close() {
        client.close();
    }
}
