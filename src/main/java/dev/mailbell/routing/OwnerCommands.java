package dev.mailbell.routing;

import dev.mailbell.account.Account;
import dev.mailbell.account.AccountStore;
import dev.mailbell.account.LoginSecrets;
import dev.mailbell.cluster.Member;
import dev.mailbell.cluster.ownership.Ownership;
import dev.mailbell.network.Deadline;
import dev.mailbell.routing.node.Command;
import dev.mailbell.routing.node.Messages;
import dev.mailbell.routing.node.Nodes;
import dev.mailbell.routing.node.Reply;
import dev.mailbell.status.LocalStatus;
import dev.mailbell.watch.AccountCommands.Live;
import dev.mailbell.watch.AccountCommands.Traced;
import dev.mailbell.watch.AccountCommands.Verified;
import dev.mailbell.watch.Watch;
import dev.mailbell.watch.admission.NotWatchedException;
import dev.mailbell.watch.check.CheckedMailbox;
import dev.mailbell.watch.history.PastCheck;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;

/** Carries out the commands that other nodes send, at this node and nowhere else. */
final class OwnerCommands {
    private static final Logger LOG = LoggerFactory.getLogger(OwnerCommands.class);
    private static final TypeReference<List<CheckedMailbox>> CHECKED = new TypeReference<>() {};
    private static final TypeReference<List<PastCheck>> PAST_CHECKS = new TypeReference<>() {};
    private static final TypeReference<Map<UUID, Live>> LIVE = new TypeReference<>() {};

    private final Watch local;
    private final Ownership ownership;
    private final Nodes nodes;
    private final AccountStore accounts;
    private final LoginSecrets secrets;
    private final ConfigurationReloads reloads;
    private final LocalStatus status;

    OwnerCommands(
            Watch local,
            Ownership ownership,
            Nodes nodes,
            AccountStore accounts,
            LoginSecrets secrets,
            ConfigurationReloads reloads,
            LocalStatus status) {
        this.local = local;
        this.ownership = ownership;
        this.nodes = nodes;
        this.accounts = accounts;
        this.secrets = secrets;
        this.reloads = reloads;
        this.status = status;
    }

    private record VerifiedAnswer(Verified.@Nullable Works works, Verified.@Nullable Fails fails) {}

    private record Done() {}

    /** Carries out a command; what it throws is in the reply. */
    Reply run(Command command, Deadline deadline) {
        try {
            return switch (command) {
                case Command.Check check ->
                        mine(
                                check.accountId(),
                                () ->
                                        local.check(
                                                account(check.clientId(), check.accountId()),
                                                deadline));
                case Command.Trace(UUID clientId, UUID accountId, boolean anew) ->
                        mine(
                                accountId,
                                () -> local.trace(account(clientId, accountId), anew, deadline));
                case Command.PastChecks(UUID accountId) ->
                        mine(accountId, () -> local.pastChecks(accountId));
                case Command.Position position ->
                        mine(
                                position.accountId(),
                                () -> {
                                    local.position(
                                            account(position.clientId(), position.accountId()),
                                            position.mailbox(),
                                            position.update(),
                                            deadline);
                                    return new Done();
                                });
                case Command.Verify(Account account, UUID beside) ->
                        mine(
                                beside,
                                () ->
                                        answer(
                                                local.verify(
                                                        account, secrets.open(account), deadline)));
                case Command.LiveFields(List<UUID> ids, boolean afterChanges) -> {
                    if (afterChanges) {
                        local.changed(ids);
                    }
                    yield reply(local.live(ids));
                }
                case Command.Reload(UUID id) -> reply(reloads.requested(id));
                case Command.Status(UUID client) ->
                        reply(client == null ? status.now() : status.modes(client));
            };
        } catch (RuntimeException e) {
            return Reply.failed(failure(command, e));
        }
    }

    private Reply mine(UUID accountId, Supplier<Object> command) {
        int shard = Account.shardOf(accountId);
        if (!ownership.mayBegin(shard)) {
            return notMine(shard);
        }
        // The change that the sender knows of may not have reached this node.
        local.changed(List.of(accountId));
        try {
            return reply(command.get());
        } catch (NotWatchedException e) {
            if (!ownership.mayBegin(shard)) {
                return notMine(shard);
            }
            throw e;
        }
    }

    private Reply notMine(int shard) {
        return Reply.notMine(
                nodes.ownerOf(shard)
                        .map(Member::id)
                        .filter(owner -> !owner.equals(nodes.self()))
                        .orElse(null));
    }

    private Account account(UUID clientId, UUID id) {
        return accounts.find(clientId, id).orElseThrow(NotWatchedException::new);
    }

    private static Reply reply(Object value) {
        return Reply.of(Messages.JSON.valueToTree(value));
    }

    private static VerifiedAnswer answer(Verified verified) {
        return switch (verified) {
            case Verified.Works works -> new VerifiedAnswer(works, null);
            case Verified.Fails fails -> new VerifiedAnswer(null, fails);
        };
    }

    private static Reply.Failure failure(Command command, RuntimeException thrown) {
        return CommandFailures.of(thrown)
                .orElseGet(() -> {
                    String id = UUID.randomUUID().toString();
                    LOG.error("Request {} of another node failed: {}", id, command.name(), thrown);
                    return new Reply.Failure(
                            Reply.Kind.INTERNAL, null, "its log has the cause under " + id, null);
                });
    }

    /**
     * What a command returned at another node.
     *
     * @throws RuntimeException what it threw there
     */
    static JsonNode value(Reply reply, String node) {
        if (reply.failure() != null) {
            throw CommandFailures.exception(reply.failure(), node);
        }
        if (reply.value() == null) {
            throw new IllegalStateException("node " + node + " sent an empty reply");
        }
        return reply.value();
    }

    static List<CheckedMailbox> checked(JsonNode value) {
        return understood(
                () -> Messages.JSON.readValue(Messages.JSON.treeAsTokens(value), CHECKED));
    }

    static Traced traced(JsonNode value) {
        return understood(() -> Messages.JSON.treeToValue(value, Traced.class));
    }

    static List<PastCheck> pastChecks(JsonNode value) {
        return understood(
                () -> Messages.JSON.readValue(Messages.JSON.treeAsTokens(value), PAST_CHECKS));
    }

    static Verified verified(JsonNode value) {
        VerifiedAnswer answer =
                understood(() -> Messages.JSON.treeToValue(value, VerifiedAnswer.class));
        if (answer.works() != null) {
            return answer.works();
        }
        if (answer.fails() != null) {
            return answer.fails();
        }
        throw new IllegalStateException("a node sent an empty result of a login");
    }

    static Map<UUID, Live> live(JsonNode value) {
        return understood(() -> Messages.JSON.readValue(Messages.JSON.treeAsTokens(value), LIVE));
    }

    /** A node of a later version may answer with a word that this one does not know. */
    private static <T> T understood(Supplier<T> answer) {
        try {
            return answer.get();
        } catch (JacksonException e) {
            // Without its message, which quotes the answer.
            LOG.debug("A node of another version answers with what this one does not know");
            throw CommandFailures.otherVersion();
        }
    }
}
