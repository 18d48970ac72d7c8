package dev.mailbell.status;

import dev.mailbell.watch.account.AccountModes;
import java.util.List;
import java.util.UUID;

/** Of a node that watches nothing. */
public final class TestStatus implements LocalStatus {
    public static final LocalStatus NONE = new TestStatus();

    @Override
    public NodeStatus now() {
        return new NodeStatus(List.of(), 0, AccountModes.NONE, 0, false, List.of());
    }

    @Override
    public AccountModes modes(UUID client) {
        return AccountModes.NONE;
    }
}
