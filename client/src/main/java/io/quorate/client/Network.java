package io.quorate.client;

import io.quorate.registry.session.DialTarget;
import io.quorate.spi.consensus.PeerCaller;
import java.util.Collection;

/** What the core needs of the sessions beside being told of them. Loop only. */
interface Network extends PeerCaller {

    /** Says where connections are to be kept from now on; replaces what was said before. */
    void setTargets(Collection<DialTarget> targets);
}
