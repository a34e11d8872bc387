# frozen_string_literal: true

# Calls of smile-identity-core that several tests make.
require 'json'
require 'minitest/autorun'
require 'net/http'
require 'securerandom'
require 'smile-identity-core'

SETTING = JSON.parse(ENV.fetch('SELFSAME_SETTING'))
KEY = SETTING['partner']['sandbox_api_key']
V1 = "#{SETTING['http']}/v1"
POLL = { return_job_status: true, return_history: true, return_image_links: true }.freeze

module Calling
  def api(key = KEY)
    SmileIdentityCore::WebApi.new('2343', SETTING['callback'], key, V1)
  end

  def of_partner(service, key = KEY)
    service.new('2343', key, V1)
  end

  # The client writes its timestamps as local time with an offset.
  def in_zone(name)
    before = ENV.fetch('TZ', nil)
    ENV['TZ'] = name
    yield
  ensure
    ENV['TZ'] = before
  end

  def naming(user, job_type, more = {})
    { user_id: user, job_id: SecureRandom.uuid, job_type: job_type, note: 'kept', **more }
  end

  def file(photo, image_type = 0)
    { image_type_id: image_type, image: SETTING['photographs'][photo] }
  end

  def as_base64(photo)
    Base64.strict_encode64(File.binread(SETTING['photographs'][photo]))
  end

  def submit(user, job_type, images, web: api, id_info: {}, more: {})
    web.submit_job(naming(user, job_type, more), images, id_info.dup, POLL.dup)
  end

  def status(params)
    of_partner(SmileIdentityCore::Utilities).get_job_status(params[:user_id], params[:job_id], { return_history: true })
  end

  def codes(status)
    status['history'].map { |result| result['ResultCode'] }
  end

  def signed?(body)
    SmileIdentityCore::Signature.new('2343', KEY).confirm_signature(body['timestamp'], body['signature'])
  end

  # A job's callbacks, in the order in which they came.
  def callbacks(smile_job_id, count)
    600.times do
      all = JSON.parse(Net::HTTP.get(URI(SETTING['callback'])))
      found = all.select { |body| body['SmileJobID'] == smile_job_id }
      return found if found.length >= count

      sleep 0.2
    end
    flunk "no #{count} callbacks of #{smile_job_id}"
  end

  def refused(code, text = '', &call)
    told = assert_raises(RuntimeError, &call).message
    assert_includes told, "\"code\":\"#{code}\""
    assert_includes told, text
  end
end
