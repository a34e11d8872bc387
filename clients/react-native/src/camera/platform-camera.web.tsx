import { createElement, useEffect, useImperativeHandle, useRef } from 'react';

import type { CameraViewProps, PlatformCamera } from './camera';
import { openWebCamera, VideoFrames } from './web-camera';

function View({ side, shutter, onReady, onFailure }: CameraViewProps) {
  const video = useRef<HTMLVideoElement>(null);
  const frames = useRef<VideoFrames>(undefined);
  useImperativeHandle(shutter, () => ({
    async take() {
      if (!frames.current) throw new Error('the camera has no picture yet');
      return frames.current.take();
    },
  }));
  useEffect(() => {
    let stream: MediaStream | undefined;
    let left = false;
    openWebCamera(side).then(
      async (opened) => {
        stream = opened;
        if (left || !video.current) return stop(opened);
        frames.current = new VideoFrames(video.current, opened);
        video.current.srcObject = opened;
        // Where it may not play, the first picture says so.
        await video.current.play().catch(() => undefined);
        onReady();
      },
      (cause: unknown) => {
        const missing = cause instanceof DOMException ? cause.name === 'NotFoundError' : navigator.mediaDevices === undefined;
        onFailure(missing ? 'no_camera' : 'camera_failed', cause);
      },
    );
    return () => {
      left = true;
      frames.current?.close();
      if (stream) stop(stream);
    };
  }, [side, onReady, onFailure]);
  // The preview is mirrored as a mirror is; the pictures are not.
  const style = { width: '100%', height: '100%', objectFit: 'cover', transform: side === 'front' ? 'scaleX(-1)' : 'none' };
  return createElement('video', { ref: video, playsInline: true, muted: true, style });
}

const stop = (stream: MediaStream): void => stream.getTracks().forEach((track) => track.stop());

/** The camera in browsers. */
export const platformCamera: PlatformCamera = {
  async requestPermission() {
    try {
      stop(await openWebCamera('front'));
      return true;
    } catch (error) {
      // Another failure than a refusal is told by the camera's view.
      return !(error instanceof DOMException && error.name === 'NotAllowedError');
    }
  },
  View,
};
