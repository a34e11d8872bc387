"""A TCP proxy between a node and what it needs, which can be cut: what a network does, on one machine and without root."""

import asyncio
import threading


class Proxy:
    """Listens on a free port of 127.0.0.1 and passes on to (host, port).

    `open` passes on; `refuse` closes what is open and whatever comes, as a server that is down does; `silent` keeps all open
    and passes nothing on, as a network that loses every packet does.
    """

    def __init__(self, host, port):
        self.to, self.mode, self.open = (host, port), "open", set()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.server = self.ask(asyncio.start_server(self.serve, "127.0.0.1", 0))
        self.port = self.server.sockets[0].getsockname()[1]

    def ask(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def set(self, mode):
        async def change():
            self.mode = mode
            if mode == "refuse":
                for writer in list(self.open):
                    writer.transport.abort()

        self.ask(change())

    async def serve(self, reader, writer):
        if self.mode == "refuse":
            writer.transport.abort()
            return
        try:
            back, forth = await asyncio.open_connection(*self.to)
        except OSError:
            writer.transport.abort()
            return
        self.open.update([writer, forth])
        try:
            await asyncio.gather(self.copy(reader, forth), self.copy(back, writer))
        finally:
            self.open.difference_update([writer, forth])
            for one in (writer, forth):
                one.transport.abort()

    async def copy(self, reader, writer):
        try:
            while data := await reader.read(65536):
                while self.mode == "silent":
                    await asyncio.sleep(0.1)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except (OSError, RuntimeError):
            writer.transport.abort()
